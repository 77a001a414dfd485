// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages behind memory of this process. process_madvise() can be made to
 * lie (the linker's --wrap puts one of our own in its place).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv/back.h"
#include "tests/unit/hv_area.h"

static struct {
	bool lies; /* it does nothing and says that all was done */
	int busy; /* calls that fail with EAGAIN before that */
	int error; /* each call fails with it */
	int calls;
} madvise_is;

ssize_t __real_process_madvise(int pidfd, const struct iovec *vector,
			       size_t count, int advice, unsigned int flags);
ssize_t __wrap_process_madvise(int pidfd, const struct iovec *vector,
			       size_t count, int advice, unsigned int flags);

ssize_t __wrap_process_madvise(int pidfd, const struct iovec *vector,
			       size_t count, int advice, unsigned int flags)
{
	ssize_t bytes = 0;

	madvise_is.calls++;
	if (madvise_is.busy > 0) {
		madvise_is.busy--;
		errno = EAGAIN;
		return -1;
	}
	if (madvise_is.error != 0) {
		errno = madvise_is.error;
		return -1;
	}
	if (!madvise_is.lies)
		return __real_process_madvise(pidfd, vector, count, advice,
					      flags);
	while (count > 0)
		bytes += (ssize_t)vector[--count].iov_len;
	return bytes;
}

/* The ranges of @run are this process's. */
static void back_own(struct back_run *run)
{
	struct process *process;

	assert_int_equal(process_open(getpid(), &process), 0);
	run->process = process;
	assert_int_equal(back_run(run), 0);
	process_unref(process);
}

static void backing_goes_on_after_a_failure(void **state)
{
	struct area *area = *state;
	struct back_range ranges[RANGES];
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
	back_own(&run);
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
	struct back_run run = {
		.ranges = ranges,
		.count = 2,
		.look_only = true,
	};

	memset(range_of(area, 0), 1, 2 * HUGE_BYTES);
	allow_huge(area);
	back_own(&run);
	assert_int_equal(ranges[0].after, BACKING_SMALL);

	run.look_only = false;
	run.cancel = &cancel;
	back_own(&run);
	assert_int_equal(ranges[0].reason, BACK_CANCELLED);
	assert_int_equal(ranges[0].after, BACKING_SMALL);

	cancel = false;
	run.deadline_ns = 1;
	back_own(&run);
	assert_int_equal(ranges[0].reason, BACK_DEADLINE);

	/* What isn't congruent never counts, however QEMU has it mapped. */
	run.deadline_ns = 0;
	make_huge(area, 1);
	back_own(&run);
	assert_int_equal(ranges[0].reason, BACK_FINE);
	assert_int_equal(ranges[1].after, BACKING_SMALL);
	assert_int_equal(ranges[1].reason, BACK_NOT_CONGRUENT);
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
	assert_false(process_ended(process));
	kill(pid, SIGKILL);
	/* A zombie first, and then nothing. */
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_true(process_ended(process));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_alive(process));
	assert_true(process_ended(process));
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

static void what_the_call_says_is_not_believed(void **state)
{
	struct area *area = *state;
	struct back_range ranges[2] = {
		{ .hva = { (uintptr_t)range_of(area, 0) }, .congruent = true },
		{ .hva = { (uintptr_t)range_of(area, 1) }, .congruent = true },
	};
	struct back_run run = { .ranges = ranges, .count = 2 };

	memset(range_of(area, 0), 1, 2 * HUGE_BYTES);
	make_huge(area, 1);
	madvise_is.lies = true;
	back_own(&run);
	madvise_is.lies = false;
	assert_int_equal(ranges[0].after, BACKING_SMALL);
	assert_int_equal(ranges[0].reason, BACK_GONE);
	assert_int_equal(ranges[1].reason, BACK_FINE);
}

/* The first range, in use by small pages, which may become a huge one. */
static struct back_range small_range(struct area *area)
{
	memset(range_of(area, 0), 1, HUGE_BYTES);
	allow_huge(area);
	return (struct back_range){
		.hva = { (uintptr_t)range_of(area, 0) },
		.congruent = true,
	};
}

static void what_was_busy_is_tried_again(void **state)
{
	struct back_range range = small_range(*state);
	struct back_run run = { .ranges = &range, .count = 1 };

	madvise_is.busy = 1000;
	back_own(&run);
	madvise_is.busy = 1;
	assert_int_equal(range.reason, BACK_BUSY);
	back_own(&run);
	assert_int_equal(range.reason, BACK_FINE);
	assert_int_equal(range.after, BACKING_HUGE);
}

/* Regression: it was said to be untouched. */
static void what_may_not_be_huge_is_named(void **state)
{
	struct area *area = *state;
	struct back_range ranges[2] = {
		{ .hva = { (uintptr_t)range_of(area, 0) }, .congruent = true },
		{ .hva = { (uintptr_t)range_of(area, 1) }, .congruent = true },
	};
	struct back_run run = { .ranges = ranges, .count = 2 };
	bool zeroes;

	/* The area begins as MADV_NOHUGEPAGE. */
	memset(range_of(area, 0), 1, HUGE_BYTES);
	zeroes = read_zeroes(area, 1);
	back_own(&run);
	assert_int_equal(ranges[0].reason, BACK_NOT_ALLOWED);
	assert_int_equal(ranges[0].after, BACKING_SMALL);
	assert_int_equal(ranges[1].reason,
			 zeroes ? BACK_UNTOUCHED : BACK_NOT_ALLOWED);
	assert_string_equal(back_reason_name(BACK_NOT_ALLOWED), "not_allowed");
}

static void a_host_without_huge_pages(void **state)
{
	struct back_range range = small_range(*state);
	struct back_run run = { .ranges = &range, .count = 1 };

	madvise_is.error = ENOMEM;
	back_own(&run);
	assert_int_equal(range.reason, BACK_NO_HUGE_PAGE);
	assert_int_equal(range.after, BACKING_SMALL);
	madvise_is.error = EPERM;
	back_own(&run);
	assert_int_equal(range.reason, BACK_REFUSED);
	madvise_is.error = 0;
}

static void what_is_not_congruent_is_left_alone(void **state)
{
	struct area *area = *state;
	struct back_range range = {
		.hva = { (uintptr_t)range_of(area, 0) },
	};
	struct back_run run = { .ranges = &range, .count = 1 };

	memset(range_of(area, 0), 1, HUGE_BYTES);
	allow_huge(area);
	madvise_is.calls = 0;
	back_own(&run);
	assert_int_equal(madvise_is.calls, 0);
	assert_int_equal(range.reason, BACK_NOT_CONGRUENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_that_is_gone),
		PRIVATE(backing_goes_on_after_a_failure),
		PRIVATE(backing_obeys),
		PRIVATE(what_the_call_says_is_not_believed),
		PRIVATE(what_was_busy_is_tried_again),
		PRIVATE(what_may_not_be_huge_is_named),
		PRIVATE(a_host_without_huge_pages),
		PRIVATE(what_is_not_congruent_is_left_alone),
	};

	return RUN(tests);
}
