/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Empties the per-CPU lists of free pages and the LRU batches, so that each
 * page shows in /proc/kpageflags as what it is.
 *
 * No file of the kernel does that without moving pages, but asking
 * /dev/coalesce for its state does: "coalesce state" is run for it. A program
 * that goes on after that fills the lists again, be it by ending. So it is
 * stopped when that system call returns, and goes on when we have looked.
 */
#ifndef CONTIG_BENCH_DRAIN_H
#define CONTIG_BENCH_DRAIN_H

#include <sys/types.h>

/* A child that is about to begin; to be had before memory is taken. */
pid_t drain_prepare(void);

/* Now. From here on the caller takes and frees no memory. */
void drain_now(pid_t child);

void drain_end(pid_t child);

#endif
