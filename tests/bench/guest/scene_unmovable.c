// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One block in twenty has something in it that can't be moved, made by programs
 * that do such things: full pipes, sockets with data, page tables, each of them
 * in blocks all over memory, and pages that are pinned. Then half of it is
 * given back, and half of all other memory.
 *
 * Memory is filled first. When a block's pages are given back and the kernel
 * wants memory for itself, it can only come from there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/guest/obstacle.h"
#include "tests/bench/guest/scene.h"
#include "tests/bench/guest/shortage.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define BLOCK_ORDER 9
#define BLOCK_PAGES (1 << BLOCK_ORDER)
#define BLOCKS_PERCENT 5
#define FREE_PERCENT 50
#define MAX_BLOCKS 4096
/* Free pages all over memory, so that the kernel does not run out of it. */
#define SLACK_PAGES 4096

static const struct obstacle *const kinds[] = { &obstacle_pipe,
						&obstacle_socket,
						&obstacle_table };
#define NR_KINDS (sizeof(kinds) / sizeof(*kinds))
/* Of the blocks; the last share is that of pinned pages. */
#define NR_SHARES (NR_KINDS + 1)

struct plan {
	uint64_t seed;
	size_t nr;
	uint64_t block[MAX_BLOCKS]; /* in no order */
	size_t page[MAX_BLOCKS]; /* one of the pool's pages in the block */
};

static struct plan plan;

static size_t find(uint64_t block)
{
	for (size_t i = 0; i < plan.nr; i++)
		if (plan.block[i] == block)
			return i;
	return plan.nr;
}

static uint64_t block_of(const struct pool *pool, size_t page)
{
	uint64_t frame;

	pool_frames(pool, page, 1, &frame);
	return frame >> BLOCK_ORDER;
}

/* Blocks with pages of the pool in them, at random. */
static void choose_blocks(const struct scene *scene)
{
	const struct pool *pool = &scene->pool;
	size_t want =
		(scene->guest_pages >> BLOCK_ORDER) * BLOCKS_PERCENT / 100;

	plan.seed = scene->seed;
	for (uint64_t i = 0; plan.nr < want && plan.nr < MAX_BLOCKS; i++) {
		size_t page = page_hash(~plan.seed, i) % pool->pages;
		uint64_t block = block_of(pool, page);

		if (!block || find(block) < plan.nr)
			continue;
		plan.block[plan.nr] = block;
		plan.page[plan.nr++] = page;
	}
}

/* All pages of one block. */
static void give_block(struct pool *pool, uint64_t block)
{
	uint64_t frames[BLOCK_PAGES];
	size_t nr;

	for (size_t i = 0; i < pool->pages; i += nr) {
		nr = pool->pages - i < BLOCK_PAGES ? pool->pages - i :
						     BLOCK_PAGES;
		pool_frames(pool, i, nr, frames);
		for (size_t k = 0; k < nr; k++)
			if (frames[k] && frames[k] >> BLOCK_ORDER == block)
				pool_give(pool, i + k);
	}
}

/*
 * Returns how many there are of a kind. What was added to the pool's blocks
 * uses up as much memory as they gave.
 */
static size_t fill_blocks(struct scene *scene, const struct obstacle *kind,
			  size_t first, size_t nr)
{
	size_t added = 0;

	for (size_t i = first; i < first + nr; i++) {
		size_t before = pool_free_pages();

		give_block(&scene->pool, plan.block[i]);
		for (; pool_free_pages() > before; added++)
			kind->add();
	}
	return added;
}

static void give_half(struct scene *scene, size_t first_pinned)
{
	struct pool *pool = &scene->pool;

	for (size_t i = 0; i < pool->pages; i++) {
		size_t k = first_pinned;

		while (k < plan.nr && plan.page[k] != i)
			k++;
		if (k == plan.nr && pool_has(pool, i) &&
		    page_hash(plan.seed, i) % 100 < FREE_PERCENT)
			pool_give(pool, i);
	}
}

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	struct shortage shortage;
	size_t share, added[NR_KINDS];

	obstacle_prepare();
	pool_open(pool, scene->seed);
	shortage_begin(&shortage, pool);
	pool_give_count(pool, SLACK_PAGES);
	choose_blocks(scene);
	share = plan.nr / NR_SHARES;
	for (size_t i = 0; i < NR_KINDS; i++)
		added[i] = fill_blocks(scene, kinds[i], i * share, share);
	for (size_t i = NR_KINDS * share; i < plan.nr; i++)
		obstacle_pin(pool, plan.page[i], scene->frames);
	for (size_t i = 0; i < NR_KINDS; i++)
		for (size_t k = 0; k < added[i]; k++)
			if (page_hash(plan.seed + i, k) % 2)
				kinds[i]->remove(k);
	give_half(scene, NR_KINDS * share);
	shortage_end(&shortage);
}

const struct scene_kind scene_unmovable = { "unmovable", build,
					    scene_check_pool, NULL };
