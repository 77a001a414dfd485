/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar on the terminal; nothing when standard error is none. */
#ifndef CONTIG_HV_CTL_PROGRESS_H
#define CONTIG_HV_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

bool ctl_progress_wanted(void);
void ctl_progress_show(const char *phase, uint64_t done, uint64_t total);
/* Takes the bar away. */
void ctl_progress_clear(void);

#endif
