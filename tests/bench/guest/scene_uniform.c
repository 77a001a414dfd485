// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nearly all memory is taken as single pages, and half of them are freed at
 * random: every block is as full as the others.
 */
#include "tests/bench/guest/scene.h"

#define FILL_PERCENT 90
#define FREE_PERCENT 50

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;

	pool_open(pool, scene->seed);
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	pool_give_percent(pool, FREE_PERCENT);
}

const struct scene_kind scene_uniform50 = { "uniform50", build,
					    scene_check_pool, NULL };
const struct scene_kind scene_gigantic = { "gigantic", build, scene_check_pool,
					   NULL };
