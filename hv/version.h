/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of contigd and contigctl. */
#ifndef CONTIG_HV_VERSION_H
#define CONTIG_HV_VERSION_H

#define CONTIG_VERSION "0.1"

#endif
