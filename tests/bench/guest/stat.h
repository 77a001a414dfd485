/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in the kernel's files. All end the program when there is none. */
#ifndef CONTIG_BENCH_STAT_H
#define CONTIG_BENCH_STAT_H

#include <stdint.h>

/* The number after the word @key at the start of a line; "": the first one. */
uint64_t stat_read(const char *path, const char *key);

/* As stat_read(), but 0 when there is no such line. */
uint64_t stat_read_any(const char *path, const char *key);

void stat_write(const char *path, const char *text);
void stat_write_number(const char *path, uint64_t value);

/* On CLOCK_MONOTONIC. */
uint64_t stat_clock_ns(void);

/* Pages migrated since boot. */
uint64_t stat_moves(void);

/*
 * Waits until nothing has been migrated, scanned or reclaimed for a while; no
 * longer than some seconds.
 */
void stat_settle(void);

#endif
