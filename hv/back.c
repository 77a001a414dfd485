// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * process_madvise() takes many ranges in one call and stops at the first that
 * fails, telling how far it came. So the ranges go down in batches; after a
 * failure the call is repeated from the range that failed, which then fails
 * as the first one and so gives its errno, and that range is stepped over.
 *
 * Each element of the vector is one 2 MiB range and not a longer run: for a
 * longer one the kernel says only that some part of it failed.
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

/*
 * Between two batches cancel and deadline are looked at. One range takes some
 * 0.2 to 4 ms, mostly for copying 2 MiB.
 */
#define BACK_BATCH 16

static const char *const reason_names[] = {
	[BACK_FINE] = "fine",
	[BACK_NOT_CONGRUENT] = "not_congruent",
	[BACK_UNTOUCHED] = "untouched",
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
	case EINVAL: /* untouched, the zero page, or memory of another kind */
		return BACK_UNTOUCHED;
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

/* Collapses the @count ranges that @todo names; sets each one's reason. */
static void collapse_batch(struct back_run *run, const size_t *todo,
			   size_t count)
{
	struct iovec vector[BACK_BATCH];
	size_t i = 0;
	size_t n;
	ssize_t done;

	for (n = 0; n < count; n++) {
		vector[n].iov_base =
			(void *)(uintptr_t)run->ranges[todo[n]].hva.v;
		vector[n].iov_len = HUGE_BYTES;
	}
	while (i < count) {
		done = process_madvise(run->process->pidfd, &vector[i],
				       count - i, MADV_COLLAPSE, 0);
		if (done > 0) {
			for (n = (size_t)done >> HUGE_SHIFT;
			     n > 0 && i < count; n--)
				run->ranges[todo[i++]].reason = BACK_FINE;
			continue;
		}
		run->ranges[todo[i++]].reason =
			reason_of_errno(done < 0 ? errno : EINVAL);
	}
}

static void collapse_all(struct back_run *run)
{
	enum back_reason stop = BACK_FINE;
	size_t todo[BACK_BATCH];
	size_t count = 0;
	size_t i;

	for (i = 0; i < run->count; i++) {
		struct back_range *range = &run->ranges[i];

		if (stop == BACK_FINE && count == 0)
			must_stop(run, &stop);
		range->reason = stop;
		/* hugetlb memory is huge or not there; nothing to collapse. */
		if (range->before == BACKING_HUGE || run->hugetlb) {
			range->reason = BACK_FINE;
		} else if (!range->congruent) {
			range->reason = BACK_NOT_CONGRUENT;
		} else if (range->before == BACKING_NONE) {
			range->reason = BACK_UNTOUCHED;
		} else if (stop == BACK_FINE) {
			todo[count++] = i;
			if (count == BACK_BATCH) {
				collapse_batch(run, todo, count);
				count = 0;
			}
		}
		if (run->progress != NULL && count == 0)
			atomic_store(run->progress, i + 1);
	}
	collapse_batch(run, todo, count);
	if (run->progress != NULL)
		atomic_store(run->progress, run->count);
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
		else if (range->reason == BACK_FINE)
			range->reason = range->after == BACKING_NONE &&
							run->hugetlb ?
						BACK_UNTOUCHED :
						BACK_GONE;
	}
	run->host_ns = clock_now_ns() - start_ns;
	return 0;
}
