// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that is half full for long (LLFree's experiment: USENIX ATC'23, 5.4):
 * each round, a tenth of the pages that are in use are freed at random and as
 * many are taken again.
 *
 * tell CONTROL round	makes one round
 */
#include <string.h>

#include "tests/bench/guest/scene.h"
#include "tests/guest/common/page.h"

#define FILL_PERCENT 90
#define FREE_PERCENT 50
#define ROUND_PERCENT 10

static unsigned int rounds;

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;

	pool_open(pool, scene->seed);
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	pool_give_percent(pool, FREE_PERCENT);
}

static bool is_in_round(const struct scene *scene, size_t i)
{
	return page_hash(~scene->seed + rounds, i) % 100 < ROUND_PERCENT;
}

/*
 * The pages keep their addresses; where in physical memory they come to lie is
 * for the kernel to choose anew.
 */
static void make_round(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	size_t given = 0;
	uint64_t start;

	rounds++;
	for (size_t i = 0; i < pool->pages; i++) {
		if (!pool_has(pool, i) || !is_in_round(scene, i))
			continue;
		pool_give(pool, i);
		given++;
	}
	/* As many again, of all that are free, from a random one on. */
	start = page_hash(scene->seed, rounds);
	for (size_t i = 0; given && i < pool->pages; i++) {
		size_t page = (start + i) % pool->pages;

		if (pool_has(pool, page))
			continue;
		pool_retake(pool, page);
		given--;
	}
}

static const char *command(struct scene *scene, const char *words)
{
	if (strcmp(words, "round"))
		return NULL;
	make_round(scene);
	return "done";
}

const struct scene_kind scene_endurance = { "endurance", build,
					    scene_check_pool, command };
