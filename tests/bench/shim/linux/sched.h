/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program need not let others run: it is made to. */
#ifndef CONTIG_TESTS_BENCH_SHIM_LINUX_SCHED_H
#define CONTIG_TESTS_BENCH_SHIM_LINUX_SCHED_H

#define cond_resched() ((void)0)

#endif
