/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single pages of anonymous memory, each with a checksum (common/page.h), some
 * of which are given back.
 */
#ifndef CONTIG_BENCH_POOL_H
#define CONTIG_BENCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
	char *start;
	size_t pages;
	size_t room; /* pages that there is address space for */
	uint64_t seed;
	uint64_t *gone; /* a bit for each page: it was given back */
};

/* How many pages were looked at, and how many had not what they should. */
struct tally {
	size_t checked;
	size_t wrong;
};

/* Address space for as many pages as are free now; no memory yet. */
void pool_open(struct pool *pool, uint64_t seed);

/*
 * Has the page tables allocated for all of it. Else they lie where the pages
 * do, some in each of the larger parts of memory, and can't be moved.
 */
void pool_prepare_tables(struct pool *pool);

/* Fills so many more. */
void pool_grow(struct pool *pool, size_t pages);

bool pool_has(const struct pool *pool, size_t i);
void pool_give(struct pool *pool, size_t i);
void pool_retake(struct pool *pool, size_t i);

/*
 * Gives back each page with a chance of @percent in 100, or just @count pages,
 * each with the same chance.
 */
void pool_give_percent(struct pool *pool, unsigned int percent);
void pool_give_count(struct pool *pool, size_t count);

/* Page frames of pages @first to @first + @nr; 0 for one that was given. */
void pool_frames(const struct pool *pool, size_t first, size_t nr,
		 uint64_t *frames);

void pool_check(const struct pool *pool, struct tally *tally);

/* Free pages of the machine, in the lists of CPUs too. */
size_t pool_free_pages(void);

#endif
