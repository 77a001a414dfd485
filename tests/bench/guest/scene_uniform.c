// SPDX-License-Identifier: GPL-2.0-or-later
/* Half full, in every block. */
#include "tests/bench/guest/scene.h"

#define FILL_PERCENT 90
#define FREE_PERCENT 50

void scene_build_half_full(struct scene *scene)
{
	struct pool *pool = &scene->pool;

	pool_open(pool, scene->seed);
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	pool_give_percent(pool, FREE_PERCENT);
}

const struct scene_kind scene_uniform50 = { "uniform50", scene_build_half_full,
					    scene_check_pool, NULL };
const struct scene_kind scene_gigantic = { "gigantic", scene_build_half_full,
					   scene_check_pool, NULL };
