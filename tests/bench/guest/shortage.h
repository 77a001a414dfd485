/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills a guest to the last page, which the kernel's reserves are against. */
#ifndef CONTIG_BENCH_SHORTAGE_H
#define CONTIG_BENCH_SHORTAGE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/guest/pool.h"

/* What the guest had set. */
struct shortage {
	uint64_t min_free_kib;
	size_t high_pages; /* sum of the zones' high watermarks with that */
};

/*
 * Lowers the watermarks, keeps the lists of CPUs short, and fills @pool until
 * next to nothing is free.
 */
void shortage_begin(struct shortage *shortage, struct pool *pool);

/* Puts all that back; enough should be free again. */
void shortage_end(const struct shortage *shortage);

/* Both, with so many pages beyond the high watermarks free in between. */
void shortage_leave(struct pool *pool, size_t spare_pages);

#endif
