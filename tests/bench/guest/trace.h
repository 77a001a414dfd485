/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's record of pages that go away and come back (stall.c). */
#ifndef CONTIG_BENCH_TRACE_H
#define CONTIG_BENCH_TRACE_H

#include <stdint.h>

#define TRACE_DIR "/sys/kernel/tracing/"
#define TRACE_SET TRACE_DIR "events/migrate/set_migration_pte/"
#define TRACE_REMOVE TRACE_DIR "events/migrate/remove_migration_pte/"

/* Takes so much memory a CPU for it. */
void trace_prepare(uint64_t kib);

/*
 * Empties it and begins.
 *
 * Return: how many pages are off their lists, as those are that are away now.
 */
uint64_t trace_start(void);

/* Keeps what there is. */
void trace_stop(void);

#endif
