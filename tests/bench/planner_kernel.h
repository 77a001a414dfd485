/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's choosing of blocks (mm/coalesce/choose.c of the series), as much
 * of it as the planner's bench uses.
 */
#ifndef CONTIG_TESTS_BENCH_PLANNER_KERNEL_H
#define CONTIG_TESTS_BENCH_PLANNER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A map of @nr blocks and what was chosen of it. */
struct plan {
	size_t nr;
	size_t chosen;
	uint64_t moves;
	uint32_t *picks;
	size_t nr_ranked;
	uint32_t *ranked;
	void *blocks;
	void *windows;
	void *choice;
};

/* 0 or -ENOMEM. plan_free() may be called in both cases. */
int plan_make(struct plan *plan, size_t nr);
void plan_free(struct plan *plan);

/* Block @i has @used pages (0 to 512) that have to move; @fit: they can. */
void plan_set(struct plan *plan, size_t i, unsigned int used, bool fit);

/*
 * What a request does with a map, step by step: @regions is how many it asks
 * for. Each can be done again.
 */

/* Counts each block, as one by one they are looked at. */
void plan_tally(struct plan *plan, size_t regions);

/* Chooses at most @regions: sets chosen, moves and picks. */
void plan_choose(struct plan *plan, size_t regions);

/* Chooses at most @regions where room is short: sets the same. */
void plan_drop(struct plan *plan, size_t regions);

/* Chooses windows of 1 GiB instead: sets the same. */
void plan_large(struct plan *plan, size_t regions);

/* Marks those that were chosen, and ranks places to move to: sets ranked. */
void plan_rank(struct plan *plan, size_t regions);

#endif
