// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/planner_kernel.h"

/*
 * The build takes choose.c and choose.h out of the series (planner.mk). Who
 * looks at this file without having built sees nothing of it.
 */
#if __has_include("mm/coalesce/choose.h")
#include <errno.h>
#include <stdlib.h>

#include "mm/coalesce/choose.h"

#define BLOCK_PAGES 512

int plan_make(struct plan *plan, size_t nr)
{
	plan->nr = nr;
	plan->chosen = 0;
	plan->moves = 0;
	plan->picks = calloc(nr, sizeof(*plan->picks));
	plan->blocks = calloc(nr, sizeof(struct coalesce_block));
	plan->choice = calloc(1, sizeof(struct coalesce_choice));
	if (plan->picks == NULL || plan->blocks == NULL || plan->choice == NULL)
		return -ENOMEM;
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->picks);
	free(plan->blocks);
	free(plan->choice);
}

void plan_set(struct plan *plan, size_t i, unsigned int used, bool fit)
{
	struct coalesce_block *block = plan->blocks;

	block[i].used = used;
	block[i].free = BLOCK_PAGES - used;
	block[i].why = fit ? COALESCE_WHY_NONE : COALESCE_WHY_SLAB;
	block[i].tried = COALESCE_UNTRIED;
}

void plan_choose(struct plan *plan, size_t regions)
{
	struct coalesce_limits limits = {
		.regions = regions,
		.moves = UINT64_MAX,
	};
	struct coalesce_choice *choice = plan->choice;

	coalesce_choose(plan->blocks, plan->nr, BLOCK_PAGES, &limits,
			plan->picks, choice);
	plan->chosen = choice->nr;
	plan->moves = choice->moves;
}
#endif
