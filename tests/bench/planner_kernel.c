// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/planner_kernel.h"

/*
 * The build takes choose.c and choose.h out of the series (planner.mk). Who
 * looks at this file without having built sees nothing of it.
 */
#if __has_include("mm/coalesce/choose.h")
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/coalesce/choose.h"

#define BLOCK_PAGES 512
/* A window of 1 GiB is 2^9 blocks. */
#define WINDOW_SHIFT 9

int plan_make(struct plan *plan, size_t nr)
{
	*plan = (struct plan){ .nr = nr };
	plan->picks = calloc(nr, sizeof(*plan->picks));
	plan->ranked = calloc(nr, sizeof(*plan->ranked));
	plan->blocks = calloc(nr, sizeof(struct coalesce_block));
	plan->windows =
		calloc(nr >> WINDOW_SHIFT, sizeof(struct coalesce_block));
	plan->choice = calloc(1, sizeof(struct coalesce_choice));
	if (plan->picks == NULL || plan->ranked == NULL ||
	    plan->blocks == NULL || plan->windows == NULL ||
	    plan->choice == NULL)
		return -ENOMEM;
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->picks);
	free(plan->ranked);
	free(plan->blocks);
	free(plan->windows);
	free(plan->choice);
}

void plan_set(struct plan *plan, size_t i, unsigned int used, bool fit)
{
	struct coalesce_block *block = plan->blocks;

	block[i].used = used;
	block[i].free = BLOCK_PAGES - used;
	block[i].cache = used / 2;
	block[i].why = fit ? COALESCE_WHY_NONE : COALESCE_WHY_SLAB;
	block[i].tried = COALESCE_UNTRIED;
}

static struct coalesce_limits limits_of(size_t regions, unsigned int shift)
{
	return (struct coalesce_limits){
		.regions = regions,
		.confined = regions,
		.moves = UINT64_MAX,
		.shift = shift,
	};
}

static void note_choice(struct plan *plan)
{
	struct coalesce_choice *choice = plan->choice;

	plan->chosen = choice->nr;
	plan->moves = choice->moves;
}

void plan_tally(struct plan *plan, size_t regions)
{
	struct coalesce_choice *choice = plan->choice;
	struct coalesce_tally *tally = &choice->take[0];
	const struct coalesce_block *blocks = plan->blocks;

	(void)regions;
	memset(tally, 0, sizeof(*tally));
	for (size_t i = 0; i < plan->nr; i++)
		coalesce_tally_add(tally, &blocks[i], BLOCK_PAGES);
}

void plan_choose(struct plan *plan, size_t regions)
{
	const struct coalesce_limits limits = limits_of(regions, 0);

	coalesce_choose(plan->blocks, plan->nr, BLOCK_PAGES, &limits,
			plan->picks, plan->choice);
	note_choice(plan);
}

/* Each block holds half of what it has in clean page cache: see plan_set(). */
void plan_drop(struct plan *plan, size_t regions)
{
	const struct coalesce_limits limits = limits_of(regions, 0);
	const struct coalesce_spare spare = {
		.all = regions * BLOCK_PAGES / 2,
		.confined = regions * BLOCK_PAGES / 2,
	};

	coalesce_choose_dropping(plan->blocks, plan->nr, BLOCK_PAGES, &limits,
				 &spare, plan->picks, plan->choice);
	note_choice(plan);
}

void plan_large(struct plan *plan, size_t regions)
{
	const struct coalesce_limits limits = limits_of(regions, WINDOW_SHIFT);
	const struct coalesce_block *blocks = plan->blocks;
	struct coalesce_block *windows = plan->windows;
	size_t nr = plan->nr >> WINDOW_SHIFT;

	for (size_t i = 0; i < nr; i++)
		coalesce_sum_up(&blocks[i << WINDOW_SHIFT], WINDOW_SHIFT,
				&windows[i]);
	coalesce_choose(windows, nr, BLOCK_PAGES, &limits, plan->picks,
			plan->choice);
	note_choice(plan);
}

void plan_rank(struct plan *plan, size_t regions)
{
	struct coalesce_choice *choice = plan->choice;
	struct coalesce_block *blocks = plan->blocks;

	(void)regions;
	for (size_t i = 0; i < plan->chosen; i++)
		blocks[plan->picks[i]].tried = COALESCE_CHOSEN;
	plan->nr_ranked = coalesce_rank(blocks, plan->nr, BLOCK_PAGES,
					plan->ranked, &choice->take[0]);
}
#endif
