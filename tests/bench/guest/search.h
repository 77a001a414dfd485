/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search of 2005, asked by a program that wants memory in a large piece. */
#ifndef CONTIG_BENCH_SEARCH_H
#define CONTIG_BENCH_SEARCH_H

#include <stdint.h>

/*
 * If no free piece of 2^order pages is there, one is to be made: what the
 * search makes, 2 MiB, is given back at once, for the next allocation to take
 * of it. Returns how long that took, in ns.
 */
uint64_t search_for(unsigned int order);

#endif
