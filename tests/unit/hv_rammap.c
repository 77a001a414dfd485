// SPDX-License-Identifier: GPL-2.0-or-later
/* The RAM map, from what QEMU 7.2 prints and from what it never would. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/rammap.h"
#include "tests/unit/hv_test.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct rammap map;
static struct rammap_backends backends;

static void set_backends(const char *first, const char *second)
{
	backends.count = 0;
	strcpy(backends.ids[backends.count++], first);
	if (second != NULL)
		strcpy(backends.ids[backends.count++], second);
}

static int parse_sample(const char *name)
{
	static char text[1 << 20];
	char path[200];
	size_t bytes;
	FILE *file;

	snprintf(path, sizeof(path), "tests/unit/hv_samples/%s.mtree", name);
	file = fopen(path, "re");
	if (file == NULL)
		fail_msg("%s: run the test from the top of the tree", path);
	bytes = fread(text, 1, sizeof(text), file);
	fclose(file);
	return rammap_parse_mtree(text, bytes, &backends, &map);
}

static void range_is(unsigned int i, uint64_t start, uint64_t end,
		     const char *block)
{
	assert_true(i < map.count);
	assert_int_equal(map.ranges[i].gpa.v, start);
	assert_int_equal(map.ranges[i].bytes, end - start);
	assert_string_equal(map.ranges[i].block, block);
}

static void ram_around_the_pci_hole(void **state)
{
	(void)state;
	set_backends("m", NULL);
	assert_int_equal(parse_sample("q35-4g"), 0);
	assert_int_equal(map.count, 3);
	range_is(0, 0, 0xc0000, "m");
	range_is(1, MIB, 2 * GIB, "m");
	range_is(2, 4 * GIB, 6 * GIB, "m");
}

static void a_dimm_is_ram(void **state)
{
	(void)state;
	set_backends("m", "d1");
	assert_int_equal(parse_sample("q35-dimm"), 0);
	assert_int_equal(map.count, 3);
	range_is(2, 4 * GIB, 4 * GIB + 512 * MIB, "d1");
}

/* Regression: shared memory behind a BAR passed for the guest's RAM. */
static void a_bar_is_no_ram(void **state)
{
	(void)state;
	set_backends("pc.ram", "iv");
	strcpy(backends.ids[backends.count++], "d1");
	strcpy(backends.ids[backends.count++], "vm0");
	assert_int_equal(parse_sample("q35-ivshmem"), 0);
	assert_int_equal(map.count, 5);
	range_is(2, MIB, 512 * MIB, "pc.ram");
	range_is(3, 4 * GIB, 4 * GIB + 256 * MIB, "d1");
	range_is(4, 4 * GIB + 256 * MIB, 5 * GIB + 256 * MIB, "vm0");
}

static void the_default_backend(void **state)
{
	(void)state;
	set_backends("pc.ram", NULL);
	assert_int_equal(parse_sample("pc-512m"), 0);
	assert_int_equal(map.count, 2);
	range_is(1, MIB, 512 * MIB, "pc.ram");
}

static void what_is_no_backend_is_no_ram(void **state)
{
	(void)state;
	set_backends("m", NULL);
	assert_int_equal(parse_sample("q35-dimm"), 0);
	assert_int_equal(map.count, 2);
	set_backends("other", NULL);
	assert_int_equal(parse_sample("q35-dimm"), -ENOENT);
}

static int parse(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "FlatView #0\n AS \"I/O\", root: io\n"
		 "  0000000000000000-0000000000000fff (prio 0, ram): m\n"
		 "FlatView #1\n AS \"memory\", root: system\n%s"
		 "FlatView #2\n AS \"x\", root: x\n"
		 "  0000000000000000-0000000000000fff (prio 0, ram): m\n",
		 lines);
	set_backends("m", NULL);
	return rammap_parse_mtree(text, strlen(text), &backends, &map);
}

static void only_the_view_of_memory_counts(void **state)
{
	(void)state;
	assert_int_equal(
		parse(" Root memory region: system\n"
		      "  0000000000200000-00000000003fffff (prio 0, ram): m\n"
		      "  0000000000400000-00000000005fffff (prio 0, rom): m\n"
		      "  0000000000600000-00000000007fffff (prio 1, i/o): m\n"
		      "  0000000000700000-00000000007fffff (prio 1, ram): m\n"
		      "  0000000000800000-00000000009fffff (prio 0, ramd): m\n"),
		0);
	assert_int_equal(map.count, 1);
	range_is(0, 2 * MIB, 4 * MIB, "m");
}

static void canonical_names_are_backends(void **state)
{
	(void)state;
	assert_int_equal(parse("  0000000000000000-00000000001fffff (prio 0, "
			       "ram): /objects/m @0000000000200000 KVM\r\n"),
			 0);
	range_is(0, 0, 2 * MIB, "/objects/m");
}

static void impossible_ranges_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("  0000000000000000-0000000000000ffe (prio 0, "
			       "ram): m\n"),
			 -EBADMSG);
	assert_int_equal(parse("  0000000000002000-0000000000000fff (prio 0, "
			       "ram): m\n"),
			 -EBADMSG);
	assert_int_equal(parse("  0000000000000000-ffffffffffffffff (prio 0, "
			       "ram): m\n"),
			 -EBADMSG);
	assert_int_equal(parse("  0000000000000000-0000000000001fff (prio 0, "
			       "ram): m\n"
			       "  0000000000001000-0000000000002fff (prio 0, "
			       "ram): m\n"),
			 -EBADMSG);
	assert_int_equal(parse(""), -ENOENT);
}

static void too_many_ranges_are_refused(void **state)
{
	size_t capacity = (RAMMAP_MAX_RANGES + 1) * 64 + 64;
	char *text = malloc(capacity);
	size_t at;
	unsigned int i;

	(void)state;
	assert_non_null(text);
	at = (size_t)snprintf(text, capacity,
			      "FlatView #1\n AS \"memory\", root: system\n");
	for (i = 0; i <= RAMMAP_MAX_RANGES; i++)
		at += (size_t)snprintf(text + at, capacity - at,
				       "  %016x-%016x (prio 0, ram): m\n",
				       i * 0x2000, i * 0x2000 + 0xfff);
	set_backends("m", NULL);
	assert_int_equal(rammap_parse_mtree(text, at, &backends, &map),
			 -E2BIG);
	free(text);
}

static void host_addresses_are_read(void **state)
{
	struct gpa gpa = { 0x100000 };
	struct hva hva = { 7 };

	(void)state;
	assert_int_equal(
		rammap_parse_gpa2hva("Host virtual address for 0x100000 (m) is "
				     "0x7fa413f00000\r\n",
				     gpa, "m", &hva),
		0);
	assert_true(hva.v == UINT64_C(0x7fa413f00000));
	assert_int_equal(
		rammap_parse_gpa2hva("Host virtual address for 0x100000 (x) is "
				     "0x7fa413f00000\r\n",
				     gpa, "m", &hva),
		-EBADMSG);
	assert_int_equal(
		rammap_parse_gpa2hva("Host virtual address for 0x200000 (m) is "
				     "0x7fa413f00000\r\n",
				     gpa, "m", &hva),
		-EBADMSG);
	assert_int_equal(
		rammap_parse_gpa2hva("No memory is mapped at address 0x100000",
				     gpa, "m", &hva),
		-EBADMSG);
	assert_int_equal(
		rammap_parse_gpa2hva("Host virtual address for 0x100000 (m) is "
				     "0xffffffffffffffff\r\n",
				     gpa, "m", &hva),
		-EBADMSG);
	assert_int_equal(
		rammap_parse_gpa2hva("Host virtual address for 0x100000 (m) is "
				     "0x7fa413f00000 or so",
				     gpa, "m", &hva),
		-EBADMSG);
}

/* 0-640K, 1M-1G congruent, 4G-5G not. */
static void fill_map(void)
{
	map.count = 3;
	map.ranges[0] = (struct ram_range){ { 0 }, 0xa0000, { 0x40000000 },
					    "m" };
	map.ranges[1] = (struct ram_range){ { MIB },
					    GIB - MIB,
					    { 0x40000000 + MIB },
					    "m" };
	map.ranges[2] = (struct ram_range){ { 4 * GIB },
					    GIB,
					    { UINT64_C(0x7f0000fff000) },
					    "d" };
}

static void ranges_are_found(void **state)
{
	(void)state;
	fill_map();
	assert_ptr_equal(rammap_find(&map, (struct gpa){ 0 }, 1),
			 &map.ranges[0]);
	assert_null(rammap_find(&map, (struct gpa){ 0xa0000 }, 1));
	assert_null(rammap_find(&map, (struct gpa){ 0 }, 2 * MIB));
	assert_ptr_equal(rammap_find(&map, (struct gpa){ 2 * MIB }, 2 * MIB),
			 &map.ranges[1]);
	assert_null(rammap_find(&map, (struct gpa){ GIB - MIB }, 2 * MIB));
	assert_null(rammap_find(&map, (struct gpa){ GIB }, 1));
	assert_null(rammap_find(&map, (struct gpa){ 5 * GIB - 1 }, 2));
	assert_null(rammap_find(&map, (struct gpa){ UINT64_MAX }, UINT64_MAX));
	assert_ptr_equal(rammap_find(&map, (struct gpa){ 4 * GIB }, GIB),
			 &map.ranges[2]);
}

static void incongruent_ram_is_found_where_it_matters(void **state)
{
	(void)state;
	fill_map();
	assert_ptr_equal(rammap_first_incongruent(&map, (struct gpa){ 0 },
						  UINT64_C(1) << 52),
			 &map.ranges[2]);
	assert_null(rammap_first_incongruent(&map, (struct gpa){ 0 }, GIB));
	assert_null(rammap_first_incongruent(&map, (struct gpa){ 0 },
					     4 * GIB));
	assert_non_null(rammap_first_incongruent(&map, (struct gpa){ 4 * GIB },
						 2 * MIB));
	assert_true(rammap_any_congruent(&map));
	map.ranges[1].hva.v += 4096;
	assert_false(rammap_any_congruent(&map));
	map.ranges[1].hva.v -= 4096;
	/* Too small to hold a huge page: of no interest. */
	map.ranges[0].hva.v += 4096;
	assert_null(rammap_first_incongruent(&map, (struct gpa){ 0 }, GIB));
}

static void huge_ranges_are_counted(void **state)
{
	struct gpa first;

	(void)state;
	fill_map();
	assert_int_equal(rammap_huge_ranges(&map.ranges[0], &first), 0);
	assert_int_equal(rammap_huge_ranges(&map.ranges[1], &first), 511);
	assert_int_equal(first.v, 2 * MIB);
	assert_int_equal(rammap_huge_ranges(&map.ranges[2], &first), 512);
	assert_int_equal(rammap_bytes(&map), 0xa0000 + GIB - MIB + GIB);
}

static void neighbours_are_joined(void **state)
{
	(void)state;
	fill_map();
	map.ranges[0].bytes = MIB;
	rammap_join(&map);
	assert_int_equal(map.count, 2);
	assert_int_equal(map.ranges[0].bytes, GIB);
	assert_string_equal(map.ranges[1].block, "d");
	/* Neighbours for the guest only. */
	fill_map();
	map.ranges[2].gpa.v = GIB;
	rammap_join(&map);
	assert_int_equal(map.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ram_around_the_pci_hole),
		TEST(a_dimm_is_ram),
		TEST(a_bar_is_no_ram),
		TEST(the_default_backend),
		TEST(what_is_no_backend_is_no_ram),
		TEST(only_the_view_of_memory_counts),
		TEST(canonical_names_are_backends),
		TEST(impossible_ranges_are_refused),
		TEST(too_many_ranges_are_refused),
		TEST(host_addresses_are_read),
		TEST(ranges_are_found),
		TEST(incongruent_ram_is_found_where_it_matters),
		TEST(huge_ranges_are_counted),
		TEST(neighbours_are_joined),
	};

	return RUN(tests);
}
