// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that is half full for long (LLFree's experiment): each round, a tenth
 * of the pages that are in use are taken anew, and as many, at random, freed.
 * In this order, or the new ones would come to lie just where the old ones
 * were.
 *
 * tell CONTROL round	makes one round
 */
#include <string.h>

#include "tests/bench/guest/scene.h"
#include "tests/guest/common/page.h"

#define ROUND_PERCENT 10

static unsigned int rounds;

static bool is_in_round(const struct scene *scene, size_t i)
{
	return page_hash(page_hash(~scene->seed, rounds), i) % 100 <
	       ROUND_PERCENT;
}

static void make_round(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	size_t taken = 0;
	uint64_t start;

	rounds++;
	for (size_t i = 0; i < pool->pages; i++)
		taken += pool_has(pool, i) && is_in_round(scene, i);
	start = page_hash(scene->seed, rounds);
	for (size_t i = 0; taken && i < pool->pages; i++) {
		size_t page = (start + i) % pool->pages;

		if (pool_has(pool, page) || is_in_round(scene, page))
			continue;
		pool_retake(pool, page);
		taken--;
	}
	for (size_t i = 0; i < pool->pages; i++)
		if (pool_has(pool, i) && is_in_round(scene, i))
			pool_give(pool, i);
}

static const char *command(struct scene *scene, const char *words)
{
	if (strcmp(words, "round"))
		return NULL;
	make_round(scene);
	return "done";
}

const struct scene_kind scene_endurance = { "endurance", scene_build_half_full,
					    scene_check_pool, command };
