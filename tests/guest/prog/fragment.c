// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fragment - fills memory with pages that can be checked and makes holes
 *
 *	fragment CONTROL [--percent P] [--keep K] [--pattern random|runs]
 *		[--leave-free N | --huge N] [--hugetlb N] [--as HOW] [--seed S]
 *
 * Takes P percent of the free memory as single pages, then frees all but K
 * percent of them: page by page at random, or in aligned runs of 8 to 128
 * pages, whose free blocks are what the freelist strategy starts from.
 *
 * What is still free as whole blocks of 2 MiB is then taken as transparent
 * huge pages, as programs do that get them, until N blocks are left. (Defrag
 * must be off, or the kernel makes new ones meanwhile.) They carry checksums
 * too. With --huge it is N blocks instead, whether so many are free or not:
 * the kernel may make them, or give single pages. --hugetlb takes N pages from
 * the hugetlb pool.
 *
 * HOW the single pages are kept:
 *
 *	locked		by mlock()
 *	merged		four in a row are alike, for KSM to merge
 *	shared		in shared memory, which a child has mapped too
 *	forked		copy on write, with a child
 *
 * tell CONTROL check	answers "checked=N wrong=M", a child's pages included
 * tell CONTROL rewrite	the child writes other contents into all its pages,
 *			which, if they are shared, are the parent's; same answer
 * tell CONTROL quit
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define HUGE_BYTES (2u << 20)
#define HUGE_PAGES (HUGE_BYTES / PAGE_BYTES)
#define HUGE_ORDER 9
#define RUN_MIN_ORDER 3
#define RUN_ORDERS 5

enum pattern {
	PATTERN_RANDOM,
	PATTERN_RUNS,
};

enum how {
	HOW_PLAIN,
	HOW_LOCKED,
	HOW_MERGED,
	HOW_SHARED,
	HOW_FORKED,
	NR_HOWS,
};

static const char *const hows[NR_HOWS] = {
	"plain", "locked", "merged", "shared", "forked",
};

/* Pages that are alike, where they are to be merged. */
#define ALIKE 4

struct options {
	unsigned int percent;
	unsigned int keep;
	enum pattern pattern;
	long leave_free; /* -1: take no huge pages */
	size_t huge; /* blocks to ask for as huge pages */
	size_t hugetlb; /* pages to take from the pool */
	enum how how;
	uint64_t seed;
};

/* Pages in a row, some of which were given back. */
struct area {
	char *start;
	size_t pages;
	uint64_t seed;
	enum how how;
	char *gone; /* by page; NULL: none is */
};

static pid_t child;
static int child_fd = -1; /* each has its own end */

static size_t free_pages(void)
{
	unsigned long kib = 0;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lu kB", &kib) == 1)
			break;
	if (!kib)
		control_fail("fragment: no MemFree in /proc/meminfo");
	fclose(f);
	return kib / (PAGE_BYTES / 1024);
}

/* Blocks of 2 MiB on the free lists of all zones. */
static long free_blocks(void)
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	char line[512];
	long blocks = 0;

	if (!f)
		control_fail("fragment: /proc/buddyinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		char *save, *word = strtok_r(line, " \n", &save);
		int column = 0;

		/* "Node 0, zone DMA32", then a count for each order */
		for (; word; word = strtok_r(NULL, " \n", &save), column++)
			if (column >= 4 + HUGE_ORDER)
				blocks += atol(word) <<
					  (column - 4 - HUGE_ORDER);
	}
	fclose(f);
	return blocks;
}

static char *map(size_t bytes, int flags)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		control_fail("fragment: mmap: %s", strerror(errno));
	return p;
}

static char *take(size_t bytes, size_t align, int flags, int advice)
{
	char *p = map(bytes + align, flags);

	p += -(uintptr_t)p & (align - 1);
	if (madvise(p, bytes, advice))
		control_fail("fragment: madvise: %s", strerror(errno));
	return p;
}

static void give_back(struct area *area, size_t first, size_t pages)
{
	/* What is shared is not given back by one who has it mapped. */
	if (madvise(area->start + first * PAGE_BYTES, pages * PAGE_BYTES,
		    area->how == HOW_SHARED ? MADV_REMOVE : MADV_DONTNEED))
		control_fail("fragment: madvise: %s", strerror(errno));
	memset(area->gone + first, 1, pages);
}

static void free_at_random(struct area *area, unsigned int keep)
{
	for (size_t i = 0; i < area->pages; i++)
		if (page_hash(~area->seed, i) % 100 >= keep)
			give_back(area, i, 1);
}

static void free_runs(struct area *area, unsigned int keep)
{
	size_t unit = 1 << (RUN_MIN_ORDER + RUN_ORDERS - 1);

	/* Each unit is cut into runs of one size of its own. */
	for (size_t u = 0; u + unit <= area->pages; u += unit) {
		uint64_t r = page_hash(~area->seed, u);
		size_t run = (size_t)1 << (RUN_MIN_ORDER + r % RUN_ORDERS);

		for (size_t i = u; i < u + unit; i += run)
			if (page_hash(r, i) % 100 >= keep)
				give_back(area, i, run);
	}
}

static size_t content(const struct area *area, size_t i)
{
	return area->how == HOW_MERGED ? i / ALIKE : i;
}

static void fill(const struct area *area)
{
	for (size_t i = 0; i < area->pages; i++)
		if (!area->gone || !area->gone[i])
			page_fill(area->start + i * PAGE_BYTES, area->seed,
				  content(area, i));
}

static void check(const struct area *area, size_t *checked, size_t *wrong)
{
	for (size_t i = 0; i < area->pages; i++) {
		if (area->gone && area->gone[i])
			continue;
		++*checked;
		if (!page_is_right(area->start + i * PAGE_BYTES, area->seed,
				   content(area, i)))
			++*wrong;
	}
}

/* Of the pages that a process has. */
struct answer {
	size_t checked;
	size_t wrong;
};

static void obey(struct area *area)
{
	struct answer answer;
	char order;

	while (read(child_fd, &order, 1) == 1) {
		if (order == 'w') {
			area->seed = ~area->seed;
			fill(area);
		}
		answer = (struct answer){ 0 };
		check(area, &answer.checked, &answer.wrong);
		if (write(child_fd, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* What is wrong with a child that has died is counted as one page. */
static struct answer tell_child(char order)
{
	struct answer answer;

	if (send(child_fd, &order, 1, MSG_NOSIGNAL) != 1 ||
	    read(child_fd, &answer, sizeof(answer)) != sizeof(answer))
		answer = (struct answer){ .wrong = 1 };
	return answer;
}

static void make_child(struct area *area)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		control_fail("fragment: socketpair: %s", strerror(errno));
	child = fork();
	if (child < 0)
		control_fail("fragment: fork: %s", strerror(errno));
	child_fd = fds[!child];
	close(fds[!!child]);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		obey(area);
	}
	/* Shared memory is mapped by who has touched it. */
	tell_child('c');
}

static void keep_as(struct area *area)
{
	size_t bytes = area->pages * PAGE_BYTES;

	/* On fault: what was given back is to stay away. */
	if (area->how == HOW_LOCKED &&
	    mlock2(area->start, bytes, MLOCK_ONFAULT))
		control_fail("fragment: mlock2: %s", strerror(errno));
	if (area->how == HOW_MERGED &&
	    madvise(area->start, bytes, MADV_MERGEABLE))
		control_fail("fragment: MADV_MERGEABLE: %s", strerror(errno));
	if (area->how == HOW_SHARED || area->how == HOW_FORKED)
		make_child(area);
}

static enum how how_named(const char *name)
{
	for (enum how how = 0; how < NR_HOWS; how++)
		if (!strcmp(name, hows[how]))
			return how;
	control_fail("fragment: pages can't be kept %s", name);
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "percent", required_argument, NULL, 'p' },
		{ "keep", required_argument, NULL, 'k' },
		{ "pattern", required_argument, NULL, 'm' },
		{ "leave-free", required_argument, NULL, 'l' },
		{ "huge", required_argument, NULL, 'h' },
		{ "hugetlb", required_argument, NULL, 't' },
		{ "as", required_argument, NULL, 'a' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->percent = atoi(optarg);
			break;
		case 'k':
			o->keep = atoi(optarg);
			break;
		case 'm':
			o->pattern = strcmp(optarg, "runs") ? PATTERN_RANDOM
							    : PATTERN_RUNS;
			break;
		case 'l':
			o->leave_free = atol(optarg);
			break;
		case 'h':
			o->huge = strtoul(optarg, NULL, 0);
			break;
		case 't':
			o->hugetlb = strtoul(optarg, NULL, 0);
			break;
		case 'a':
			o->how = how_named(optarg);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 0);
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc || !o->percent || o->percent > 99 ||
	    o->keep > 100)
		control_fail("usage: see the head of fragment.c");
}

int main(int argc, char **argv)
{
	struct options o = { .percent = 90, .keep = 50, .leave_free = -1,
			     .seed = 1 };
	struct area small = { 0 }, huge = { 0 }, pool = { 0 };
	char line[64];

	parse(argc, argv, &o);
	control_start(argv[optind]);

	small.seed = o.seed;
	small.how = o.how;
	small.pages = free_pages() / 100 * o.percent;
	small.gone = calloc(small.pages, 1);
	if (!small.gone)
		control_fail("fragment: out of memory");
	small.start = take(small.pages * PAGE_BYTES, PAGE_BYTES,
			   o.how == HOW_SHARED ? MAP_SHARED : MAP_PRIVATE,
			   MADV_NOHUGEPAGE);
	fill(&small);
	if (o.pattern == PATTERN_RUNS)
		free_runs(&small, o.keep);
	else
		free_at_random(&small, o.keep);
	keep_as(&small);

	if (o.leave_free >= 0 && free_blocks() > o.leave_free)
		o.huge = free_blocks() - o.leave_free;
	if (o.huge) {
		huge.seed = o.seed + 1;
		huge.pages = o.huge * HUGE_PAGES;
		huge.start = take(huge.pages * PAGE_BYTES, HUGE_BYTES,
				  MAP_PRIVATE, MADV_HUGEPAGE);
		fill(&huge);
	}
	if (o.hugetlb) {
		pool.seed = o.seed + 2;
		pool.pages = o.hugetlb * HUGE_PAGES;
		pool.start = map(pool.pages * PAGE_BYTES,
				 MAP_PRIVATE | MAP_HUGETLB);
		fill(&pool);
	}
	control_answer("pages=%zu huge_pages=%zu pid=%d child=%d", small.pages,
		       huge.pages / HUGE_PAGES, getpid(), child);

	for (;;) {
		struct answer answer = { 0 };

		control_next(line, sizeof(line), -1);
		if (!strcmp(line, "quit"))
			break;
		if (child)
			answer = tell_child(*line == 'r' ? 'w' : 'c');
		if (*line == 'r' && small.how == HOW_SHARED)
			small.seed = ~small.seed;
		check(&small, &answer.checked, &answer.wrong);
		check(&huge, &answer.checked, &answer.wrong);
		check(&pool, &answer.checked, &answer.wrong);
		control_answer("checked=%zu wrong=%zu", answer.checked,
			       answer.wrong);
	}
	/* Its memory is to be free too when this is answered. */
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	control_bye("bye");
}
