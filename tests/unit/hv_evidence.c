// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is behind memory, as this machine's kernel shows it for mappings of this
 * process. Each look is taken by both methods, and both have to tell a split
 * mapping from a huge one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv/evidence.h"
#include "hv/smaps.h"
#include "tests/unit/hv_area.h"

static enum evidence_method methods[2];
static size_t nr_methods;

static int try_look(const struct area *area, enum evidence_method method,
		    uint8_t backing[RANGES], uint32_t present[RANGES])
{
	struct evidence_range range = {
		.start = { (uintptr_t)area->start },
		.huge_ranges = RANGES,
		.backing = backing,
		.present_pages = present,
	};
	enum evidence_method used;
	bool hugetlb;
	int proc_fd;
	int r;

	proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(proc_fd >= 0);
	r = evidence_look(proc_fd, method, &range, 1, &used, &hugetlb);
	close(proc_fd);
	if (r < 0)
		return r;
	assert_int_equal(used, method);
	assert_false(hugetlb);
	return 0;
}

static void look(const struct area *area, enum evidence_method method,
		 uint8_t backing[RANGES], uint32_t present[RANGES])
{
	int r;

	r = try_look(area, method, backing, present);
	if (r < 0)
		fail_msg("%s: %s", evidence_method_name(method), strerror(-r));
}

static void seen(const struct area *area, int i, enum backing wanted,
		 uint32_t wanted_pages)
{
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	size_t m;

	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		if (backing[i] != wanted || present[i] != wanted_pages)
			fail_msg("%s sees %s, %u pages; wanted %s, %u pages",
				 evidence_method_name(methods[m]),
				 backing_name((enum backing)backing[i]),
				 present[i], backing_name(wanted),
				 wanted_pages);
	}
}

static void untouched_memory_has_nothing_behind_it(void **state)
{
	seen(*state, 0, BACKING_NONE, 0);
}

static void one_page_is_small(void **state)
{
	struct area *area = *state;

	range_of(area, 1)[5 * 4096] = 1;
	seen(area, 0, BACKING_NONE, 0);
	seen(area, 1, BACKING_SMALL, 1);
}

static void pages_of_4k_are_small(void **state)
{
	struct area *area = *state;

	memset(range_of(area, 2), 1, HUGE_BYTES);
	seen(area, 2, BACKING_SMALL, 512);
	/* The method by elimination must not count it beside a huge one. */
	make_huge(area, 0);
	seen(area, 2, BACKING_SMALL, 512);
}

static void a_huge_page_is_huge(void **state)
{
	struct area *area = *state;

	make_huge(area, 0);
	make_huge(area, 1);
	seen(area, 0, BACKING_HUGE, 512);
	seen(area, 1, BACKING_HUGE, 512);
	seen(area, 2, BACKING_NONE, 0);
}

static void a_hole_of_4k_splits(void **state)
{
	struct area *area = *state;

	make_huge(area, 1);
	seen(area, 1, BACKING_HUGE, 512);
	munmap(range_of(area, 1) + HUGE_BYTES / 2, 4096);
	seen(area, 1, BACKING_SMALL, 511);
}

static void a_page_thrown_away_splits(void **state)
{
	struct area *area = *state;

	make_huge(area, 1);
	madvise(range_of(area, 1), 4096, MADV_DONTNEED);
	seen(area, 1, BACKING_SMALL, 511);
}

static void another_protection_splits(void **state)
{
	struct area *area = *state;

	make_huge(area, 1);
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ);
	seen(area, 1, BACKING_SMALL, 512);
	/*
	 * One mapping and one large folio again, every page of it there: all
	 * that tells is that QEMU's page table has 512 entries.
	 */
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ | PROT_WRITE);
	seen(area, 1, BACKING_SMALL, 512);
}

static void a_split_one_does_not_hide_among_others(void **state)
{
	struct area *area = *state;
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	size_t m;

	make_huge(area, 0);
	make_huge(area, 1);
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ);
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ | PROT_WRITE);
	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		/* smaps, by elimination, may see less. */
		if (methods[m] == EVIDENCE_PAGEMAP_SCAN)
			assert_int_equal(backing[0], BACKING_HUGE);
		assert_int_equal(backing[1], BACKING_SMALL);
	}
}

static void zero_pages_are_not_huge(void **state)
{
	struct area *area = *state;
	volatile uint8_t *range = range_of(area, 0);
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	bool zeroes = read_zeroes(area, 0);
	size_t m;

	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		assert_int_not_equal(backing[0], BACKING_HUGE);
		/* Regression: what the guest had only read counted as used. */
		if (methods[m] == EVIDENCE_PAGEMAP_SCAN)
			assert_int_equal(backing[0], zeroes ? BACKING_NONE :
							      BACKING_SMALL);
	}
	range[4096] = 1;
	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		assert_int_equal(backing[0], BACKING_SMALL);
	}
}

static void the_huge_zero_page_is_not_huge(void **state)
{
	struct area *area = *state;
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	bool zeroes;
	size_t m;

	/* Where the kernel has one, it maps all 2 MiB at the first read. */
	allow_huge(area);
	zeroes = read_zeroes(area, 0);
	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		assert_int_not_equal(present[0], 0);
		if (zeroes)
			assert_int_not_equal(backing[0], BACKING_HUGE);
	}
}

static void shared_memory_is_seen_too(void **state)
{
	struct area *area = *state;
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	size_t m;

	memset(range_of(area, 2), 1, HUGE_BYTES);
	seen(area, 2, BACKING_SMALL, 512);
	make_huge(area, 1);
	madvise(range_of(area, 2), HUGE_BYTES, MADV_REMOVE);
	seen(area, 1, BACKING_HUGE, 512);
	/* The kernel does not split a shared one: it unmaps all of it. */
	munmap(range_of(area, 1) + HUGE_BYTES - 4096, 4096);
	seen(area, 1, BACKING_NONE, 0);
	range_of(area, 1)[0] = 1;
	for (m = 0; m < nr_methods; m++) {
		look(area, methods[m], backing, present);
		assert_int_equal(backing[1], BACKING_SMALL);
	}
}

static void other_methods_are_unknown(void **state)
{
	enum evidence_method method;

	(void)state;
	assert_int_equal(evidence_method_parse("smaps", &method), 0);
	assert_int_equal(method, EVIDENCE_SMAPS);
	assert_int_equal(evidence_method_parse("kpageflags", &method), -EINVAL);
}

/* Linux before 6.7 has no PAGEMAP_SCAN; smaps is everywhere. */
static void find_methods(void)
{
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	void *state;

	make_private(&state);
	if (try_look(state, EVIDENCE_PAGEMAP_SCAN, backing, present) != -ENOTTY)
		methods[nr_methods++] = EVIDENCE_PAGEMAP_SCAN;
	else
		puts("# this kernel has no PAGEMAP_SCAN: smaps alone is tested");
	methods[nr_methods++] = EVIDENCE_SMAPS;
	unmake_area(&state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PRIVATE(untouched_memory_has_nothing_behind_it),
		PRIVATE(one_page_is_small),
		PRIVATE(pages_of_4k_are_small),
		PRIVATE(a_huge_page_is_huge),
		PRIVATE(a_hole_of_4k_splits),
		PRIVATE(a_page_thrown_away_splits),
		PRIVATE(another_protection_splits),
		PRIVATE(a_split_one_does_not_hide_among_others),
		PRIVATE(zero_pages_are_not_huge),
		PRIVATE(the_huge_zero_page_is_not_huge),
		SHARED(shared_memory_is_seen_too),
		TEST(other_methods_are_unknown),
	};

	find_methods();
	return RUN(tests);
}
