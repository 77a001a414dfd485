/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that can be stopped all at once, children of children too. */
#ifndef CONTIG_BENCH_FREEZER_H
#define CONTIG_BENCH_FREEZER_H

/* Before the first of them is started. */
void freezer_prepare(void);

/* Puts the calling process in, and with it all that it will start. */
void freezer_join(void);

/* Returns when each of them has stopped. */
void freezer_freeze(void);
void freezer_thaw(void);

#endif
