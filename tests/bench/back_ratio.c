// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * back_ratio [RANGES [ROUNDS]]: how fast contigd's way of backing is beside a
 * bare loop of madvise(MADV_COLLAPSE) over the same ranges.
 *
 * Each round makes fresh memory of 4 KiB pages in this process for each of the
 * two, and one JSON object has the best time of each: the best, since whatever
 * else runs can only add to it. Who goes first changes from round to round:
 * otherwise each gets its own physical pages again and again, as the allocator
 * hands out what was freed last, and where they lie makes 10 % and more.
 *
 * Contig's time includes both looks at the page table. ratio is contig's speed
 * over the loop's by the clock, cpu_ratio by the processor time of the calling
 * thread, which copies and looks; on a machine that does other work, only the
 * latter means much.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv/back.h"
#include "hv/clock.h"
#include "hv/process.h"
#include "hv/units.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

struct cost {
	uint64_t ns;
	uint64_t cpu_ns;
};

struct memory {
	void *mapped;
	uint8_t *start;
	size_t ranges;
};

static uint64_t cpu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct cost cost_now(void)
{
	return (struct cost){ clock_now_ns(), cpu_now_ns() };
}

static struct cost cost_since(struct cost start)
{
	struct cost now = cost_now();

	return (struct cost){ now.ns - start.ns, now.cpu_ns - start.cpu_ns };
}

static void take_best(struct cost *best, struct cost cost)
{
	if (cost.ns < best->ns)
		best->ns = cost.ns;
	if (cost.cpu_ns < best->cpu_ns)
		best->cpu_ns = cost.cpu_ns;
}

/* Ranges a ns of the one over those of the other; 0: there were none. */
static double ratio(size_t done, uint64_t ns, size_t loop_done,
		    uint64_t loop_ns)
{
	if (loop_done == 0 || ns == 0)
		return 0;
	return (double)done / (double)ns /
	       ((double)loop_done / (double)loop_ns);
}

static void make_memory(struct memory *memory, size_t ranges, int flags)
{
	size_t bytes = ranges * HUGE_BYTES;
	uintptr_t at;

	memory->ranges = ranges;
	memory->mapped = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);
	if (memory->mapped == MAP_FAILED)
		err(1, "mmap");
	at = ((uintptr_t)memory->mapped + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	/* Shared memory must begin at an aligned address to be collapsed. */
	memory->start = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			     flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (memory->start == MAP_FAILED)
		err(1, "mmap");
	madvise(memory->start, bytes, MADV_NOHUGEPAGE);
	memset(memory->start, 1, bytes);
	madvise(memory->start, bytes, MADV_HUGEPAGE);
}

static void drop_memory(struct memory *memory)
{
	munmap(memory->mapped, (memory->ranges + 1) * HUGE_BYTES);
}

static struct cost time_loop(size_t ranges, int flags, size_t *ret_done)
{
	struct memory memory;
	struct cost start;
	struct cost cost;
	size_t i;

	make_memory(&memory, ranges, flags);
	*ret_done = 0;
	start = cost_now();
	for (i = 0; i < ranges; i++) {
		if (madvise(memory.start + i * HUGE_BYTES, HUGE_BYTES,
			    MADV_COLLAPSE) == 0)
			(*ret_done)++;
	}
	cost = cost_since(start);
	drop_memory(&memory);
	return cost;
}

static struct cost time_contig(struct process *process, size_t ranges,
			       int flags, size_t *ret_done)
{
	struct back_run run = { .process = process, .count = ranges };
	struct memory memory;
	struct cost start;
	struct cost cost;
	size_t i;
	int r;

	run.ranges = calloc(ranges, sizeof(*run.ranges));
	if (run.ranges == NULL)
		err(1, "calloc");
	make_memory(&memory, ranges, flags);
	for (i = 0; i < ranges; i++) {
		run.ranges[i].hva.v = (uintptr_t)memory.start + i * HUGE_BYTES;
		run.ranges[i].congruent = true;
	}
	*ret_done = 0;
	start = cost_now();
	r = back_run(&run);
	cost = cost_since(start);
	if (r < 0)
		errx(1, "back_run: %s", strerror(-r));
	for (i = 0; i < ranges; i++)
		*ret_done += run.ranges[i].after == BACKING_HUGE;
	drop_memory(&memory);
	free(run.ranges);
	return cost;
}

static void measure(struct process *process, const char *name, int flags,
		    size_t ranges, size_t rounds)
{
	struct cost loop = { UINT64_MAX, UINT64_MAX };
	struct cost contig = { UINT64_MAX, UINT64_MAX };
	size_t loop_done = 0;
	size_t done = 0;
	size_t i;

	for (i = 0; i < 2 * rounds; i++) {
		if ((i + 1) / 2 % 2 == 0)
			take_best(&loop, time_loop(ranges, flags, &loop_done));
		else
			take_best(&contig,
				  time_contig(process, ranges, flags, &done));
	}
	printf("{ \"bench\": \"back_ratio\", \"memory\": \"%s\", \"ranges\": "
	       "%zu, \"loop_backed\": %zu, \"loop_ns\": %ju, "
	       "\"loop_cpu_ns\": %ju, \"backed\": %zu, \"ns\": %ju, "
	       "\"cpu_ns\": %ju, \"ratio\": %.3f, \"cpu_ratio\": %.3f }\n",
	       name, ranges, loop_done, (uintmax_t)loop.ns,
	       (uintmax_t)loop.cpu_ns, done, (uintmax_t)contig.ns,
	       (uintmax_t)contig.cpu_ns,
	       ratio(done, contig.ns, loop_done, loop.ns),
	       ratio(done, contig.cpu_ns, loop_done, loop.cpu_ns));
}

int main(int argc, char **argv)
{
	struct process *process;
	uint64_t ranges = 256;
	uint64_t rounds = 10;
	int r;

	if (argc > 3 ||
	    (argc > 1 && (units_parse_u64(argv[1], 1 << 20, &ranges) < 0 ||
			  ranges == 0)) ||
	    (argc > 2 && (units_parse_u64(argv[2], 1000, &rounds) < 0 ||
			  rounds == 0)))
		errx(2, "usage: back_ratio [RANGES [ROUNDS]]");
	r = process_open(getpid(), &process);
	if (r < 0)
		errx(1, "/proc/self: %s", strerror(-r));
	measure(process, "private", MAP_PRIVATE, ranges, rounds);
	measure(process, "shared", MAP_SHARED, ranges, rounds);
	process_unref(process);
	return 0;
}
