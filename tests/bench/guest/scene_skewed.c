// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks differ: four in ten are nearly empty, the others nearly full to full.
 * Which block a page is in is for the kernel to say (pagemap).
 */
#include "tests/bench/guest/scene.h"
#include "tests/guest/common/page.h"

#define FILL_PERCENT 93
#define BLOCK_ORDER 9
#define LOW_OF_TEN 4
/* Chances in 100 that a page stays, differing from block to block. */
#define LOW_KEEP 5
#define LOW_SPREAD 11
#define HIGH_KEEP 85
#define HIGH_SPREAD 16

static unsigned int keep_percent(uint64_t seed, uint64_t block)
{
	uint64_t random = page_hash(seed, block);

	if (random % 10 < LOW_OF_TEN)
		return LOW_KEEP + (random >> 8) % LOW_SPREAD;
	return HIGH_KEEP + (random >> 8) % HIGH_SPREAD;
}

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	uint64_t seed = ~scene->seed, frames[512];
	size_t nr;

	pool_open(pool, scene->seed);
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	for (size_t i = 0; i < pool->pages; i += nr) {
		nr = pool->pages - i < 512 ? pool->pages - i : 512;
		pool_frames(pool, i, nr, frames);
		for (size_t k = 0; k < nr; k++)
			if (page_hash(seed + 1, frames[k]) % 100 >=
			    keep_percent(seed, frames[k] >> BLOCK_ORDER))
				pool_give(pool, i + k);
	}
}

const struct scene_kind scene_skewed = { "skewed", build, scene_check_pool,
					 NULL };
