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
	pool_open(&scene->pool, scene->seed);
	shortage_leave(&scene->pool, scene->guest_pages * SPARE_PERCENT / 100);
}

const struct scene_kind scene_tight = { "tight", build, scene_check_pool,
					NULL };
