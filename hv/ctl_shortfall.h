/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is missing, why, and what an operator can do about it. */
#ifndef CONTIG_HV_CTL_SHORTFALL_H
#define CONTIG_HV_CTL_SHORTFALL_H

#include <jansson.h>

/* Prints a line for each entry of "shortfall", after one that sums them up. */
void ctl_shortfall_print(json_t *shortfall);

#endif
