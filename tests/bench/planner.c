// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * planner [MOST_GIB]: how long the kernel's planning takes on maps of guests
 * from 1 GiB to 4 TiB, and whether what it chooses is the cheapest.
 *
 * A map is drawn at random from a fixed seed. Half of the blocks that can be
 * emptied are asked for; the time is the best of several runs, and that of the
 * processor, since whatever else the machine does can only add to it. What is
 * told for a block is the sum of all steps, though no request takes all of
 * them: choosing in plenty, in shortage, and windows of 1 GiB. That no set of
 * as many blocks has fewer pages to move is looked up in a sorted list of all
 * of them; and no page is to go to a block that was chosen.
 *
 * One JSON object a map; ends with 1 when a plan was wrong.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/planner_kernel.h"

#define BLOCK_PAGES 512
#define BLOCKS_PER_GIB 512
#define MOST_GIB 4096
/* Of each map: at least so many runs, for at least so long. */
#define LEAST_RUNS 5
#define LEAST_NS UINT64_C(50000000)

static uint64_t random_state = 1;

/* xorshift64: Marsaglia, Journal of Statistical Software 8(14), 2003. */
static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned int random_below(unsigned int n)
{
	return (unsigned int)((random_next() >> 32) * n >> 32);
}

static bool random_percent(unsigned int percent)
{
	return random_below(100) < percent;
}

/* Each page is used or not, by a coin. */
static unsigned int used_uniform(void)
{
	unsigned int used = 0;
	int i;

	for (i = 0; i < BLOCK_PAGES / 64; i++)
		used += (unsigned int)__builtin_popcountll(random_next());
	return used;
}

/* Four blocks in ten are nearly empty, the others nearly full. */
static unsigned int used_skewed(void)
{
	if (random_percent(40))
		return BLOCK_PAGES / 20 + random_below(BLOCK_PAGES / 10);
	return BLOCK_PAGES - random_below(BLOCK_PAGES / 10);
}

/* Half of the blocks are free or almost so, half full or almost so. */
static unsigned int used_bimodal(void)
{
	unsigned int few = random_percent(50) ? 0 : random_below(32);

	return random_percent(50) ? few : BLOCK_PAGES - few;
}

static unsigned int used_full(void)
{
	return BLOCK_PAGES - random_below(BLOCK_PAGES / 20);
}

static const struct shape {
	const char *name;
	unsigned int (*used)(void);
	unsigned int unmovable_percent;
} shapes[] = {
	{ "uniform", used_uniform, 2 },
	{ "skewed", used_skewed, 2 },
	{ "bimodal", used_bimodal, 2 },
	{ "full", used_full, 30 },
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int by_cost(const void *a, const void *b)
{
	uint16_t x = *(const uint16_t *)a;
	uint16_t y = *(const uint16_t *)b;

	return (x > y) - (x < y);
}

enum state { FIT, UNFIT, CHOSEN };

struct map {
	struct plan plan;
	uint16_t *used; /* by block */
	uint8_t *state; /* by block: enum state */
	uint16_t *sorted; /* of the blocks that can be emptied */
	size_t nr_fit;
};

static void map_make(struct map *map, const struct shape *shape, size_t nr)
{
	size_t i;

	random_state = 1;
	map->nr_fit = 0;
	map->used = calloc(nr, sizeof(*map->used));
	map->state = calloc(nr, sizeof(*map->state));
	map->sorted = calloc(nr, sizeof(*map->sorted));
	if (plan_make(&map->plan, nr) < 0 || map->used == NULL ||
	    map->state == NULL || map->sorted == NULL)
		err(1, "a map of %zu blocks", nr);
	for (i = 0; i < nr; i++) {
		bool fit = !random_percent(shape->unmovable_percent);

		map->used[i] = (uint16_t)shape->used();
		plan_set(&map->plan, i, map->used[i], fit);
		map->state[i] = fit ? FIT : UNFIT;
		if (fit)
			map->sorted[map->nr_fit++] = map->used[i];
	}
	qsort(map->sorted, map->nr_fit, sizeof(*map->sorted), by_cost);
}

static void map_drop(struct map *map)
{
	plan_free(&map->plan);
	free(map->used);
	free(map->state);
	free(map->sorted);
}

static uint64_t least_moves(const struct map *map, size_t regions)
{
	uint64_t moves = 0;
	size_t i;

	for (i = 0; i < regions; i++)
		moves += map->sorted[i];
	return moves;
}

/* What was picked are so many different blocks, with so many pages to move. */
static bool picks_add_up(struct map *map)
{
	const struct plan *plan = &map->plan;
	uint64_t moves = 0;
	size_t i;

	for (i = 0; i < plan->chosen; i++) {
		uint32_t pick = plan->picks[i];

		if (pick >= plan->nr || map->state[pick] != FIT)
			return false;
		moves += map->used[pick];
		map->state[pick] = CHOSEN;
	}
	return moves == plan->moves;
}

/* The blocks that never can be emptied come first, and none that was chosen. */
static bool ranks_right(const struct map *map)
{
	const struct plan *plan = &map->plan;
	bool others = false;
	size_t lasting = 0;
	size_t i;

	for (i = 0; i < plan->nr_ranked; i++) {
		uint32_t ranked = plan->ranked[i];

		if (ranked >= plan->nr || map->state[ranked] == CHOSEN)
			return false;
		others |= map->state[ranked] != UNFIT;
		if (map->state[ranked] != UNFIT)
			continue;
		if (others)
			return false;
		lasting++;
	}
	return lasting == plan->nr - map->nr_fit;
}

/* In the order in which they are done: the last choice is that which counts. */
static const struct step {
	const char *name;
	void (*run)(struct plan *plan, size_t regions);
} steps[] = {
	{ "tally", plan_tally }, { "drop", plan_drop },
	{ "large", plan_large }, { "choose", plan_choose },
	{ "rank", plan_rank },
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

static uint64_t best_ns(const struct step *step, struct plan *plan,
			size_t regions)
{
	uint64_t best = UINT64_MAX;
	uint64_t total = 0;
	int runs;

	for (runs = 0; runs < LEAST_RUNS || total < LEAST_NS; runs++) {
		uint64_t start = now_ns();
		uint64_t took;

		step->run(plan, regions);
		took = now_ns() - start;
		total += took;
		if (took < best)
			best = took;
	}
	return best;
}

/* Return: whether the choice was the cheapest, and its pages have a place. */
static bool measure(const struct shape *shape, size_t gib)
{
	size_t nr = gib * BLOCKS_PER_GIB;
	struct map map;
	size_t regions, i;
	uint64_t least, ns = 0;
	bool cheapest, right;

	map_make(&map, shape, nr);
	regions = map.nr_fit / 2;
	least = least_moves(&map, regions);
	printf("{ \"bench\": \"planner\", \"shape\": \"%s\", "
	       "\"guest_gib\": %zu, \"blocks\": %zu, \"regions\": %zu, ",
	       shape->name, gib, nr, regions);
	for (i = 0; i < NR_STEPS; i++) {
		uint64_t took = best_ns(&steps[i], &map.plan, regions);

		printf("\"%s_ns\": %" PRIu64 ", ", steps[i].name, took);
		ns += took;
	}
	cheapest = map.plan.chosen == regions && map.plan.moves == least &&
		   picks_add_up(&map);
	right = ranks_right(&map);
	printf("\"chosen\": %zu, \"moves\": %" PRIu64 ", "
	       "\"least_moves\": %" PRIu64 ", \"cheapest\": %s, "
	       "\"ranked\": %zu, \"ranked_right\": %s, "
	       "\"ns\": %" PRIu64 ", \"ns_per_block\": %.3f }\n",
	       map.plan.chosen, map.plan.moves, least,
	       cheapest ? "true" : "false", map.plan.nr_ranked,
	       right ? "true" : "false", ns, (double)ns / (double)nr);
	map_drop(&map);
	return cheapest && right;
}

int main(int argc, char **argv)
{
	unsigned long most_gib = MOST_GIB;
	bool good = true;
	size_t gib;
	size_t i;

	if (argc > 1)
		most_gib = strtoul(argv[1], NULL, 10);
	if (argc > 2 || most_gib == 0 || most_gib > MOST_GIB)
		errx(2, "usage: planner [MOST_GIB]    (at most %d)", MOST_GIB);
	for (i = 0; i < NR_SHAPES; i++) {
		for (gib = 1; gib <= most_gib; gib *= 4)
			good = measure(&shapes[i], gib) && good;
	}
	return good ? 0 : 1;
}
