// SPDX-License-Identifier: GPL-2.0-or-later
/* Half full, in every block. */
#include "tests/bench/guest/scene.h"

#define FILL_PERCENT 90
#define FREE_PERCENT 50

static void fill_half(struct pool *pool)
{
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	pool_give_percent(pool, FREE_PERCENT);
}

void scene_build_half_full(struct scene *scene)
{
	pool_open(&scene->pool, scene->seed);
	fill_half(&scene->pool);
}

/* One page table in a GiB, and there would be one region or none to be had. */
static void build_gigantic(struct scene *scene)
{
	pool_open(&scene->pool, scene->seed);
	pool_prepare_tables(&scene->pool);
	fill_half(&scene->pool);
}

const struct scene_kind scene_uniform50 = { "uniform50", scene_build_half_full,
					    scene_check_pool, NULL };
const struct scene_kind scene_gigantic = { "gigantic", build_gigantic,
					   scene_check_pool, NULL };
