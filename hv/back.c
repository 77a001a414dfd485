// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One process_madvise() call for each 2 MiB range. A vector of ranges would
 * save next to nothing, as copying 2 MiB outweighs the call by far (within 2 %,
 * tests/bench/back_ratio.c), but stops at the first range that fails and can't
 * be cancelled half way. Nor is one longer range better: of it the kernel says
 * only that some part failed.
 */
#include "hv/back.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "hv/clock.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

#define BUSY_RETRIES 2

static const char *const reason_names[] = {
	[BACK_FINE] = "fine",
	[BACK_NOT_CONGRUENT] = "not_congruent",
	[BACK_UNTOUCHED] = "untouched",
	[BACK_NOT_ALLOWED] = "not_allowed",
	[BACK_NO_HUGE_PAGE] = "no_huge_page",
	[BACK_BUSY] = "busy",
	[BACK_GONE] = "gone",
	[BACK_REFUSED] = "refused",
	[BACK_DEADLINE] = "deadline",
	[BACK_CANCELLED] = "cancelled",
	[BACK_QEMU_GONE] = "qemu_gone",
	[BACK_OTHER] = "other",
};

static_assert(sizeof(reason_names) / sizeof(reason_names[0]) ==
		      BACK_NR_REASONS,
	      "each reason has a name");

const char *back_reason_name(enum back_reason reason)
{
	return reason_names[reason];
}

static enum back_reason reason_of_errno(int error)
{
	switch (error) {
	case ENOMEM: /* no huge page, or the cgroup's limit */
	case EBUSY: /* the cgroup could not be charged for it */
		return BACK_NO_HUGE_PAGE;
	case EAGAIN: /* a page was locked, on its way to a list, or pinned */
		return BACK_BUSY;
	case EPERM:
	case EACCES:
		return BACK_REFUSED;
	case ESRCH:
		return BACK_QEMU_GONE;
	case EINVAL: /* no THP for this process, mapping or kind of memory */
		return BACK_NOT_ALLOWED;
	default:
		return BACK_OTHER;
	}
}

/* Looks at every range; adjacent ones are looked at in one go. */
static int look(struct back_run *run, bool after)
{
	struct evidence_range *runs;
	uint8_t *backing;
	size_t nr_runs = 0;
	size_t i;
	int r;

	if (run->count == 0)
		return 0;
	runs = calloc(run->count, sizeof(*runs));
	backing = calloc(run->count, sizeof(*backing));
	if (runs == NULL || backing == NULL) {
		r = -ENOMEM;
		goto free_both;
	}
	for (i = 0; i < run->count; i++) {
		if (i > 0 && run->ranges[i].hva.v ==
				     run->ranges[i - 1].hva.v + HUGE_BYTES) {
			runs[nr_runs - 1].huge_ranges++;
			continue;
		}
		runs[nr_runs++] = (struct evidence_range){
			.start = run->ranges[i].hva,
			.huge_ranges = 1,
			.backing = &backing[i],
		};
	}
	r = evidence_look(run->process->proc_fd, run->method, runs, nr_runs,
			  &run->used_method, &run->hugetlb);
	for (i = 0; r == 0 && i < run->count; i++) {
		enum backing seen = (enum backing)backing[i];

		/* KVM can't map it huge, however QEMU has it mapped. */
		if (seen == BACKING_HUGE && !run->ranges[i].congruent)
			seen = BACKING_SMALL;
		if (after)
			run->ranges[i].after = seen;
		else
			run->ranges[i].before = seen;
	}
free_both:
	free(runs);
	free(backing);
	return r;
}

static bool must_stop(const struct back_run *run, enum back_reason *ret_reason)
{
	if (run->cancel != NULL && atomic_load(run->cancel)) {
		*ret_reason = BACK_CANCELLED;
		return true;
	}
	if (run->deadline_ns != 0 && clock_now_ns() >= run->deadline_ns) {
		*ret_reason = BACK_DEADLINE;
		return true;
	}
	return false;
}

static enum back_reason collapse(const struct process *process, struct hva hva)
{
	struct iovec range = {
		.iov_base = (void *)(uintptr_t)hva.v,
		.iov_len = HUGE_BYTES,
	};
	ssize_t done = process_madvise(process->pidfd, &range, 1, MADV_COLLAPSE,
				       0);

	if (done < 0)
		return reason_of_errno(errno);
	return done == HUGE_BYTES ? BACK_FINE : BACK_OTHER;
}

/* What was busy for a moment need not be any more. */
static void retry_busy(struct back_run *run)
{
	enum back_reason stop;
	size_t i;

	for (i = 0; i < run->count; i++) {
		struct back_range *range = &run->ranges[i];

		if (range->reason != BACK_BUSY)
			continue;
		if (must_stop(run, &stop))
			return;
		range->reason = collapse(run->process, range->hva);
	}
}

static void collapse_all(struct back_run *run)
{
	enum back_reason stop = BACK_FINE;
	size_t i;

	for (i = 0; i < run->count; i++) {
		struct back_range *range = &run->ranges[i];

		/* hugetlb memory is huge or not there; nothing to collapse. */
		if (range->before == BACKING_HUGE || run->hugetlb)
			range->reason = BACK_FINE;
		else if (!range->congruent)
			range->reason = BACK_NOT_CONGRUENT;
		else if (range->before == BACKING_NONE)
			range->reason = BACK_UNTOUCHED;
		else if (stop != BACK_FINE || must_stop(run, &stop))
			range->reason = stop;
		else
			range->reason = collapse(run->process, range->hva);
		if (run->progress != NULL)
			atomic_store(run->progress, i + 1);
	}
	for (i = 0; i < BUSY_RETRIES; i++)
		retry_busy(run);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct back_range *a = left;
	const struct back_range *b = right;

	return a->hva.v < b->hva.v ? -1 : a->hva.v > b->hva.v;
}

void back_sort(struct back_range *ranges, size_t count)
{
	if (count > 1)
		qsort(ranges, count, sizeof(*ranges), compare_ranges);
}

int back_run(struct back_run *run)
{
	uint64_t start_ns = clock_now_ns();
	size_t i;
	int r;

	r = look(run, run->look_only);
	if (r < 0 || run->look_only) {
		run->host_ns = clock_now_ns() - start_ns;
		return r;
	}
	collapse_all(run);
	r = look(run, true);
	if (r < 0)
		return r;
	for (i = 0; i < run->count; i++) {
		struct back_range *range = &run->ranges[i];

		/* What is there counts, not what the call said. */
		if (range->after == BACKING_HUGE)
			range->reason = BACK_FINE;
		else if (range->reason == BACK_NOT_ALLOWED &&
			 range->after == BACKING_NONE)
			/* It went away meanwhile, which is EINVAL too. */
			range->reason = BACK_UNTOUCHED;
		else if (range->reason == BACK_FINE)
			range->reason = range->after == BACKING_NONE &&
							run->hugetlb ?
						BACK_UNTOUCHED :
						BACK_GONE;
	}
	run->host_ns = clock_now_ns() - start_ns;
	return 0;
}
