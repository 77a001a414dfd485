/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks put together to regions: naturally aligned ones of one order. */
#ifndef CONTIG_BENCH_REGION_H
#define CONTIG_BENCH_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/guest/look.h"

struct regions {
	const struct look *look;
	const struct zones *zones;
	unsigned int order;
	size_t blocks; /* in a region */
	size_t nr; /* those that are wholly below the end of memory */
};

void regions_make(struct regions *regions, const struct look *look,
		  const struct zones *zones, unsigned int order);

size_t regions_free(const struct regions *regions);

/* Of clean blocks, and in one zone. */
size_t regions_clean(const struct regions *regions);

/* Hugetlb pages of this size that were none in @old. */
size_t regions_new_hugetlb(const struct regions *regions,
			   const struct regions *old);

/* For each of the regions: no. To be freed. */
bool *regions_none(const struct regions *regions);

/*
 * How many the file lists, which are set in @held; ends the program when one
 * can't be held, or, where they are to be huge pages of a program, is none.
 */
size_t regions_held(const struct regions *regions, const char *path, bool huge,
		    bool *held);

/* Regions that are there now, and were not clean in @old. */
size_t regions_of_unclean(const struct regions *regions,
			  const struct regions *old, const bool *held);

/* Used pages in the @count clean regions with the fewest. */
uint64_t regions_ideal_moves(const struct regions *regions, size_t count);

/* Clean blocks, whatever the size of a region. */
size_t look_clean(const struct look *look);

#endif
