/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONTIG_BENCH_PAUSE_H
#define CONTIG_BENCH_PAUSE_H

/*
 * Stops the machine, to be saved; returns when it goes on, here or restored
 * elsewhere. Ends the program when it can't.
 */
void pause_machine(void);

#endif
