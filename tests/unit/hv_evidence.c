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

#include "hv/back.h"
#include "hv/evidence.h"
#include "hv/smaps.h"
#include "tests/unit/hv_test.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define RANGES 4

struct area {
	void *reserved;
	uint8_t *start; /* RANGES * 2 MiB, alone in its mapping */
};

static const enum evidence_method methods[] = { EVIDENCE_PAGEMAP_SCAN,
						EVIDENCE_SMAPS };

/* With a hole on each side, so that no other mapping is joined to it. */
static int make_area(void **state, int flags)
{
	struct area *area = calloc(1, sizeof(*area));
	uintptr_t at;

	assert_non_null(area);
	area->reserved = mmap(NULL, (RANGES + 2) * HUGE_BYTES, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);
	assert_ptr_not_equal(area->reserved, MAP_FAILED);
	at = ((uintptr_t)area->reserved + 2 * HUGE_BYTES - 1) &
	     ~(HUGE_BYTES - 1);
	area->start = mmap((void *)at, RANGES * HUGE_BYTES,
			   PROT_READ | PROT_WRITE,
			   flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_ptr_equal(area->start, (void *)at);
	/* Nothing becomes huge by itself. */
	madvise(area->start, RANGES * HUGE_BYTES, MADV_NOHUGEPAGE);
	*state = area;
	return 0;
}

static int make_private(void **state)
{
	return make_area(state, MAP_PRIVATE);
}

static int make_shared(void **state)
{
	return make_area(state, MAP_SHARED);
}

static int unmake_area(void **state)
{
	struct area *area = *state;

	munmap(area->reserved, (RANGES + 2) * HUGE_BYTES);
	free(area);
	return 0;
}

static uint8_t *range_of(const struct area *area, int i)
{
	return area->start + (size_t)i * HUGE_BYTES;
}

/* All of it written, and behind one huge page. */
static void make_huge(const struct area *area, int i)
{
	uint8_t *range = range_of(area, i);

	madvise(range, HUGE_BYTES, MADV_HUGEPAGE);
	memset(range, 1, HUGE_BYTES);
	if (madvise(range, HUGE_BYTES, MADV_COLLAPSE) < 0)
		fail_msg("no huge page to be had: %s", strerror(errno));
}

/* What is small stays so, but may be collapsed. */
static void allow_huge(const struct area *area)
{
	madvise(area->start, RANGES * HUGE_BYTES, MADV_HUGEPAGE);
}

static void look(const struct area *area, enum evidence_method method,
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
		fail_msg("%s: %s", evidence_method_name(method), strerror(-r));
	assert_int_equal(used, method);
	assert_false(hugetlb);
}

static void seen(const struct area *area, int i, enum backing wanted,
		 uint32_t wanted_pages)
{
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	size_t m;

	for (m = 0; m < 2; m++) {
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

	make_huge(area, 0);
	make_huge(area, 1);
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ);
	mprotect(range_of(area, 1) + 4096, 4096, PROT_READ | PROT_WRITE);
	look(area, EVIDENCE_PAGEMAP_SCAN, backing, present);
	assert_int_equal(backing[0], BACKING_HUGE);
	assert_int_equal(backing[1], BACKING_SMALL);
	look(area, EVIDENCE_SMAPS, backing, present);
	assert_int_equal(backing[1], BACKING_SMALL);
}

static void zero_pages_are_not_huge(void **state)
{
	struct area *area = *state;
	volatile uint8_t *range = range_of(area, 0);
	uint8_t backing[RANGES];
	uint32_t present[RANGES];
	size_t m;
	size_t i;

	for (i = 0; i < HUGE_BYTES; i += 4096)
		assert_int_equal(range[i], 0);
	for (m = 0; m < 2; m++) {
		look(area, methods[m], backing, present);
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
	for (m = 0; m < 2; m++) {
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
	assert_int_equal(evidence_method_parse("kpageflags", &method),
			 -EINVAL);
}

static void a_process_that_is_gone(void **state)
{
	struct process *process;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_open(pid, &process), 0);
	assert_true(process_alive(process));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_alive(process));
	{
		struct back_range range = { .hva = { 0x200000 } };
		struct back_run run = {
			.process = process,
			.ranges = &range,
			.count = 1,
		};

		assert_int_equal(back_run(&run), -ESRCH);
	}
	process_unref(process);
	assert_int_equal(process_open(pid, &process), -ESRCH);
}

static void backing_goes_on_after_a_failure(void **state)
{
	struct area *area = *state;
	struct back_range ranges[RANGES];
	struct process *process;
	struct back_run run = { .ranges = ranges, .count = RANGES };
	struct iovec pinned = { range_of(area, 1), 4096 };
	int pipe_fds[2];
	int i;

	/* Small, small with a page that a pipe has pinned, untouched, small. */
	memset(range_of(area, 0), 1, 2 * HUGE_BYTES);
	memset(range_of(area, 3), 1, HUGE_BYTES);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(vmsplice(pipe_fds[1], &pinned, 1, 0), 4096);
	allow_huge(area);
	for (i = 0; i < RANGES; i++)
		ranges[RANGES - 1 - i] = (struct back_range){
			.hva = { (uintptr_t)range_of(area, i) },
			.congruent = true,
			.index = (uint32_t)i,
		};
	back_sort(ranges, RANGES);
	assert_int_equal(process_open(getpid(), &process), 0);
	run.process = process;
	assert_int_equal(back_run(&run), 0);
	assert_int_equal(ranges[0].index, 0);
	assert_int_equal(ranges[0].before, BACKING_SMALL);
	assert_int_equal(ranges[0].after, BACKING_HUGE);
	assert_int_equal(ranges[0].reason, BACK_FINE);
	assert_int_equal(ranges[1].after, BACKING_SMALL);
	assert_int_equal(ranges[1].reason, BACK_BUSY);
	assert_int_equal(ranges[2].reason, BACK_UNTOUCHED);
	assert_int_equal(ranges[3].after, BACKING_HUGE);
	assert_int_equal(ranges[3].reason, BACK_FINE);
	for (i = 0; i < (int)HUGE_BYTES; i += 4096)
		assert_int_equal(range_of(area, 3)[i], 1);
	process_unref(process);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void backing_obeys(void **state)
{
	struct area *area = *state;
	struct back_range ranges[2] = {
		{ .hva = { (uintptr_t)range_of(area, 0) }, .congruent = true },
		{ .hva = { (uintptr_t)range_of(area, 1) } },
	};
	atomic_bool cancel = true;
	struct process *process;
	struct back_run run = {
		.ranges = ranges,
		.count = 2,
		.look_only = true,
	};

	memset(range_of(area, 0), 1, 2 * HUGE_BYTES);
	allow_huge(area);
	assert_int_equal(process_open(getpid(), &process), 0);
	run.process = process;
	assert_int_equal(back_run(&run), 0);
	assert_int_equal(ranges[0].after, BACKING_SMALL);

	run.look_only = false;
	run.cancel = &cancel;
	assert_int_equal(back_run(&run), 0);
	assert_int_equal(ranges[0].reason, BACK_CANCELLED);
	assert_int_equal(ranges[0].after, BACKING_SMALL);

	cancel = false;
	run.deadline_ns = 1;
	assert_int_equal(back_run(&run), 0);
	assert_int_equal(ranges[0].reason, BACK_DEADLINE);

	/* What isn't congruent never counts, however QEMU has it mapped. */
	run.deadline_ns = 0;
	make_huge(area, 1);
	assert_int_equal(back_run(&run), 0);
	assert_int_equal(ranges[0].reason, BACK_FINE);
	assert_int_equal(ranges[1].after, BACKING_SMALL);
	assert_int_equal(ranges[1].reason, BACK_NOT_CONGRUENT);
	process_unref(process);
}

#define PRIVATE(function)                                       \
	cmocka_unit_test_setup_teardown(function, make_private, \
					unmake_area)
#define SHARED(function)                                       \
	cmocka_unit_test_setup_teardown(function, make_shared, \
					unmake_area)

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
		SHARED(shared_memory_is_seen_too),
		TEST(other_methods_are_unknown),
		TEST(a_process_that_is_gone),
		PRIVATE(backing_goes_on_after_a_failure),
		PRIVATE(backing_obeys),
	};

	return RUN(tests);
}
