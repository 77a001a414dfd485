// SPDX-License-Identifier: GPL-2.0-or-later
/* Every lie that a guest can tell of its regions. */
#include <errno.h>
#include <stdlib.h>

#include "hv/region_check.h"
#include "tests/unit/hv_test.h"

#define GIB_PAGES (UINT64_C(1) << 18)

static struct rammap map;
static struct message_region regions[8];
static struct region_rules rules;

static int set_up(void **state)
{
	uint32_t i;

	(void)state;
	map.count = 2;
	map.ranges[0] = (struct ram_range){ { 0x100000 },
					    (GIB_PAGES << 12) - 0x100000,
					    { 0x100000 },
					    "m" };
	map.ranges[1] = (struct ram_range){ { 4 * (GIB_PAGES << 12) },
					    GIB_PAGES << 12,
					    { 0x40000000 },
					    "m" };
	for (i = 0; i < 8; i++)
		regions[i] = (struct message_region){
			.id = 100 - i,
			.gfn = { (16 - i) * 512 },
			.order = 9,
		};
	rules = (struct region_rules){ .order = 9,
				       .max_count = 8,
				       .nid = MESSAGE_ANY_NODE };
	return 0;
}

static void verdict_is(int wanted, uint32_t count, uint32_t wanted_culprit)
{
	uint32_t culprit = UINT32_MAX;

	assert_int_equal(region_check(&rules, &map, regions, count, &culprit),
			 wanted);
	assert_int_equal(culprit, wanted == REGION_FINE ? UINT32_MAX :
							  wanted_culprit);
	assert_non_null(region_verdict_text((enum region_verdict)wanted));
}

static void good_regions_are_fine(void **state)
{
	(void)state;
	verdict_is(REGION_FINE, 8, 0);
	verdict_is(REGION_FINE, 0, 0);
	regions[3].gfn.v = 4 * GIB_PAGES;
	regions[4].gfn.v = 5 * GIB_PAGES - 512;
	verdict_is(REGION_FINE, 8, 0);
}

static void more_than_asked_for(void **state)
{
	(void)state;
	rules.max_count = 7;
	verdict_is(REGION_TOO_MANY, 8, 7);
}

static void ids(void **state)
{
	(void)state;
	regions[2].id = 0;
	verdict_is(REGION_BAD_ID, 8, 2);
	regions[2].id = regions[6].id;
	verdict_is(REGION_BAD_ID, 8, 6);
}

static void another_size(void **state)
{
	(void)state;
	regions[1].order = 10;
	verdict_is(REGION_BAD_ORDER, 8, 1);
}

static void another_node(void **state)
{
	(void)state;
	rules.nid = 0;
	verdict_is(REGION_FINE, 8, 0);
	regions[5].nid = 1;
	verdict_is(REGION_BAD_NODE, 8, 5);
}

static void not_aligned(void **state)
{
	(void)state;
	regions[7].gfn.v += 1;
	verdict_is(REGION_UNALIGNED, 8, 7);
}

static void outside_of_ram(void **state)
{
	static const uint64_t outside[] = {
		0, /* begins below 1 MiB, where ROM is */
		GIB_PAGES,
		4 * GIB_PAGES - 512,
		5 * GIB_PAGES,
		UINT64_C(1) << 39,
		UINT64_C(1) << 40,
		UINT64_C(1) << 63,
		UINT64_MAX - 511,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		regions[4].gfn.v = outside[i];
		verdict_is(REGION_NOT_RAM, 8, 4);
	}
}

static void outside_of_the_range(void **state)
{
	(void)state;
	rules.first_gfn.v = 9 * 512;
	rules.nr_gfns = 8 * 512;
	verdict_is(REGION_FINE, 8, 0);
	rules.nr_gfns = 7 * 512;
	verdict_is(REGION_OUT_OF_RANGE, 8, 0);
	rules.first_gfn.v = 10 * 512;
	verdict_is(REGION_OUT_OF_RANGE, 8, 7);
	/* Far behind its end, too. */
	rules.nr_gfns = 512;
	verdict_is(REGION_OUT_OF_RANGE, 8, 0);
	rules.first_gfn.v = 9 * 512;
	rules.nr_gfns = UINT64_MAX;
	verdict_is(REGION_FINE, 8, 0);
}

static void overlapping(void **state)
{
	(void)state;
	regions[6].gfn = regions[1].gfn;
	verdict_is(REGION_OVERLAP, 8, 6);
}

/* Each of its sizes is held to its own alignment, RAM and distance. */
static void larger_regions(void **state)
{
	uint8_t order;
	uint32_t i;

	(void)state;
	map.ranges[1].bytes = 16 * (GIB_PAGES << 12);
	for (order = MESSAGE_MIN_ORDER + 1; order <= MESSAGE_MAX_ORDER;
	     order++) {
		uint64_t pages = UINT64_C(1) << order;

		rules.order = order;
		for (i = 0; i < 8; i++) {
			regions[i].gfn.v = 4 * GIB_PAGES + i * pages;
			regions[i].order = order;
		}
		verdict_is(REGION_FINE, 8, 0);
		regions[3].gfn.v += pages / 2;
		verdict_is(REGION_UNALIGNED, 8, 3);
		regions[3].gfn = regions[5].gfn;
		verdict_is(REGION_OVERLAP, 8, 5);
		regions[3].gfn.v = 4 * GIB_PAGES + 3 * pages;
		/* Smaller or larger ones than were asked for. */
		regions[6].order = order - 1;
		verdict_is(REGION_BAD_ORDER, 8, 6);
		regions[6].order = order + 1;
		verdict_is(REGION_BAD_ORDER, 8, 6);
		regions[6].order = order;
		/* Begins in RAM and ends behind it. */
		map.ranges[1].bytes = (8 * pages - 512) << 12;
		verdict_is(REGION_NOT_RAM, 8, 7);
		map.ranges[1].bytes = 16 * (GIB_PAGES << 12);
		/* Begins in the range and ends behind it. */
		rules.first_gfn.v = 4 * GIB_PAGES;
		rules.nr_gfns = 8 * pages - 512;
		verdict_is(REGION_OUT_OF_RANGE, 8, 7);
		rules.nr_gfns = 0;
	}
}

static void the_most_that_can_be_asked_for(void **state)
{
	struct message_region *many;
	uint32_t culprit;
	uint32_t i;

	(void)state;
	map.ranges[1].bytes = UINT64_C(1) << 40;
	many = calloc(MESSAGE_MAX_COUNT, sizeof(*many));
	assert_non_null(many);
	for (i = 0; i < MESSAGE_MAX_COUNT; i++)
		many[i] = (struct message_region){
			.id = i + 1,
			.gfn = { 4 * GIB_PAGES + (uint64_t)i * 512 },
			.order = 9,
		};
	rules.max_count = MESSAGE_MAX_COUNT;
	assert_int_equal(region_check(&rules, &map, many, MESSAGE_MAX_COUNT,
				      &culprit),
			 REGION_FINE);
	many[MESSAGE_MAX_COUNT - 1].gfn = many[0].gfn;
	assert_int_equal(region_check(&rules, &map, many, MESSAGE_MAX_COUNT,
				      &culprit),
			 REGION_OVERLAP);
	assert_int_equal(culprit, MESSAGE_MAX_COUNT - 1);
	free(many);
}

#define CHECK(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(good_regions_are_fine),
		CHECK(more_than_asked_for),
		CHECK(ids),
		CHECK(another_size),
		CHECK(another_node),
		CHECK(not_aligned),
		CHECK(outside_of_ram),
		CHECK(outside_of_the_range),
		CHECK(overlapping),
		CHECK(larger_regions),
		CHECK(the_most_that_can_be_asked_for),
	};

	return RUN(tests);
}
