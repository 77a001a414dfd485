/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each block of memory holds, as /proc/kpageflags tells it. */
#ifndef CONTIG_BENCH_LOOK_H
#define CONTIG_BENCH_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/guest/zones.h"

#define LOOK_ORDER 9
#define LOOK_PAGES (1 << LOOK_ORDER)

/*
 * A block is clean when it has no hole and each used page in it can be
 * migrated: pages on an LRU list can, be they anonymous, of a file, locked or
 * large. All others can't, hugetlb pages included: one that goes away from here
 * takes a whole block elsewhere. Balloon and zsmalloc pages could, but can't be
 * told from other memory of the kernel's; no scenario has any.
 */
struct look_block {
	uint16_t free;
	uint16_t used;
	bool clean;
	bool lru; /* some of it is memory of programs or files */
	bool thp; /* all of it is of large folios */
	bool hugetlb; /* all of it */
	bool head; /* a compound page begins where the block does */
};

struct look {
	struct look_block *block; /* by page frame >> LOOK_ORDER */
	size_t nr;
	uint64_t free_pages;
};

/* Memory for all blocks of these zones; stays where it is. */
void look_prepare(struct look *look, const struct zones *zones);

/* Looks; takes no memory. */
void look_now(struct look *look, const struct zones *zones, int flags_fd,
	      int count_fd);

/* Page frames, one a line, that can't be migrated whatever they look like. */
void look_read_unmovable(struct look *look, const char *path);

void look_save(const struct look *look, const char *path);
void look_load(struct look *look, const char *path);

#endif
