// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Severe shortage: what is free is what the kernel wants to keep (the zones'
 * high watermarks) and 3% of the guest, scattered at random over all memory.
 */
#include "tests/bench/guest/scene.h"
#include "tests/bench/guest/shortage.h"

#define SPARE_PERCENT 3

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	struct shortage shortage;
	size_t want, now;

	pool_open(pool, scene->seed);
	shortage_begin(&shortage, pool);
	want = shortage.high_pages + scene->guest_pages * SPARE_PERCENT / 100;
	now = pool_free_pages();
	if (now < want)
		pool_give_count(pool, want - now);
	shortage_end(&shortage);
}

const struct scene_kind scene_tight = { "tight", build, scene_check_pool,
					NULL };
