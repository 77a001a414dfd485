// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memlook - what the kernel's ordinary files say of physical memory
 *
 *	memlook				the whole machine
 *	memlook --pages GFN NR		one line a page: flags and references
 *	memlook --blocks KIND		one line a block of 2 MiB that has pages
 *					of this kind: first frame, how many
 *	memlook --process PID [GFN NR]	the pages that a process has mapped (of
 *					these frames): how many, on an LRU list,
 *					mapped just once, active, referenced
 *
 * A KIND is one of
 *
 *	balloon		given to the hypervisor
 *	zsmalloc	first page of a zspage: zram and zswap keep what they
 *			have compressed in zspages of one to eight pages
 *	swapcache	in the swap cache
 *	dirty		page cache that is to be written back
 *	writeback	page cache that is being written back
 *	active		anonymous, on an active list
 *	large		part of an anonymous folio of several pages
 *	folio		first page of such a folio
 *	largefile	part of such a folio of shared memory or a file in tmpfs
 *	hugetlb		part of a hugetlb page that is in use
 *	pool		part of one that is not
 *	locked		by mlock(), and on the list of what can't be reclaimed
 *	shared		of shared memory, mapped at least twice
 *	twice		anonymous, mapped at least twice: copied on write, or
 *			merged by KSM (in 6.12 KPF_KSM is set for all of these)
 *
 * Shares nothing with the kernel patches or the agent: it reads
 * /proc/kpageflags, /proc/kpagecount, /proc/zoneinfo and /proc/meminfo, so
 * that tests can hold one against the other. Pages on the per-CPU lists are
 * not free in these files: "echo 1 > /proc/sys/vm/stat_refresh" does not help,
 * "coalesce state" drains them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_PAGES 512
#define BIT(n) (UINT64_C(1) << (n))
#define PFN_MASK (BIT(55) - 1)

/* The kernel shows these too, but its header for programs does not say so. */
#define KPF_RESERVED 32
#define KPF_MLOCKED 33
#define KPF_PRIVATE 35

static void fail(const char *what)
{
	fprintf(stderr, "memlook: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Entries of eight bytes from @index on; 0 at the file's end. */
static size_t entries(int fd, uint64_t index, uint64_t *buf, size_t count)
{
	ssize_t n = pread(fd, buf, count * sizeof(*buf), index * sizeof(*buf));

	/* kpageflags says EINVAL, not 0, when asked beyond its end */
	if (n < 0 && errno != EINVAL)
		fail("read");
	return n < 0 ? 0 : n / sizeof(*buf);
}

static int open_proc(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	return fd;
}

/* The sum of a field over all zones. */
static uint64_t zone_sum(const char *key)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	uint64_t sum = 0, value;
	char line[256], word[64];

	if (!f)
		fail("/proc/zoneinfo");
	while (fgets(line, sizeof(line), f)) {
		char *at = line;

		if (!strncmp(line, "  pages ", 8))
			at += 8;
		if (sscanf(at, "%63s %" SCNu64, word, &value) == 2 &&
		    !strcmp(word, key))
			sum += value;
	}
	fclose(f);
	return sum;
}

static void print_meminfo(void)
{
	static const char *const keys[] = {
		"Active(anon)", "Inactive(anon)", "Active(file)",
		"Inactive(file)", "Unevictable", "AnonHugePages",
	};
	FILE *f = fopen("/proc/meminfo", "re");
	char line[256], word[64];
	uint64_t kib;

	if (!f)
		fail("/proc/meminfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %" SCNu64, word, &kib) != 2)
			continue;
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (!strcmp(word, keys[i]))
				printf("%s=%" PRIu64 "\n", word, kib / 4);
	}
	fclose(f);
}

static void whole_machine(void)
{
	uint64_t flags[BLOCK_PAGES], at = 0;
	uint64_t free_blocks = 0, free_pages = 0, lru = 0, blocks = 0;
	int fd = open_proc("/proc/kpageflags");

	while (entries(fd, at, flags, BLOCK_PAGES) == BLOCK_PAGES) {
		size_t buddy = 0, holes = 0;

		for (size_t i = 0; i < BLOCK_PAGES; i++) {
			buddy += !!(flags[i] & BIT(KPF_BUDDY));
			holes += !!(flags[i] & BIT(KPF_NOPAGE));
			lru += !!(flags[i] & BIT(KPF_LRU));
		}
		free_pages += buddy;
		free_blocks += buddy == BLOCK_PAGES;
		blocks += holes < BLOCK_PAGES;
		at += BLOCK_PAGES;
	}
	close(fd);
	printf("blocks=%" PRIu64 "\nfree_blocks=%" PRIu64
	       "\nbuddy_pages=%" PRIu64 "\nlru_pages=%" PRIu64 "\n",
	       blocks, free_blocks, free_pages, lru);
	printf("nr_free_pages=%" PRIu64 "\nhigh=%" PRIu64
	       "\nnr_isolated=%" PRIu64 "\n", zone_sum("nr_free_pages"),
	       zone_sum("high"), zone_sum("nr_isolated_anon") +
	       zone_sum("nr_isolated_file"));
	print_meminfo();
}

static void pages(uint64_t gfn, uint64_t nr)
{
	int flags_fd = open_proc("/proc/kpageflags");
	int count_fd = open_proc("/proc/kpagecount");
	uint64_t flags[BLOCK_PAGES], count[BLOCK_PAGES];

	for (uint64_t i = gfn; i < gfn + nr; i += BLOCK_PAGES) {
		size_t want = gfn + nr - i < BLOCK_PAGES ? gfn + nr - i
							 : BLOCK_PAGES;
		size_t got = entries(flags_fd, i, flags, want);

		if (entries(count_fd, i, count, want) != got)
			fail("/proc/kpagecount");
		for (size_t k = 0; k < got; k++)
			printf("%" PRIu64 " flags=%" PRIx64 " mapped=%" PRIu64
			       "\n", i + k, flags[k], count[k]);
	}
	close(flags_fd);
	close(count_fd);
}

/*
 * Of the flags in mask, a page of this kind has just those in flags, and it is
 * mapped so often at least.
 */
static const struct kind {
	const char *name;
	uint64_t mask;
	uint64_t flags;
	uint64_t mapped;
} kinds[] = {
	{ "balloon", BIT(KPF_OFFLINE), BIT(KPF_OFFLINE), 0 },
	/* No flag says so, but nobody else has private data off the LRU. */
	{ "zsmalloc",
	  BIT(KPF_PRIVATE) | BIT(KPF_LRU) | BIT(KPF_OFFLINE) | BIT(KPF_SLAB) |
		  BIT(KPF_BUDDY) | BIT(KPF_RESERVED) | BIT(KPF_PGTABLE) |
		  BIT(KPF_COMPOUND_HEAD) | BIT(KPF_COMPOUND_TAIL),
	  BIT(KPF_PRIVATE), 0 },
	{ "swapcache", BIT(KPF_SWAPCACHE), BIT(KPF_SWAPCACHE), 0 },
	{ "dirty", BIT(KPF_DIRTY) | BIT(KPF_LRU) | BIT(KPF_SWAPBACKED),
	  BIT(KPF_DIRTY) | BIT(KPF_LRU), 0 },
	{ "writeback", BIT(KPF_WRITEBACK) | BIT(KPF_ANON), BIT(KPF_WRITEBACK),
	  0 },
	{ "active", BIT(KPF_ANON) | BIT(KPF_ACTIVE),
	  BIT(KPF_ANON) | BIT(KPF_ACTIVE), 0 },
	/* KPF_THP is for large folios of any size. */
	{ "large", BIT(KPF_ANON) | BIT(KPF_THP),
	  BIT(KPF_ANON) | BIT(KPF_THP), 0 },
	{ "folio", BIT(KPF_ANON) | BIT(KPF_THP) | BIT(KPF_COMPOUND_HEAD),
	  BIT(KPF_ANON) | BIT(KPF_THP) | BIT(KPF_COMPOUND_HEAD), 0 },
	{ "largefile", BIT(KPF_ANON) | BIT(KPF_SWAPBACKED) | BIT(KPF_THP),
	  BIT(KPF_SWAPBACKED) | BIT(KPF_THP), 0 },
	{ "hugetlb", BIT(KPF_HUGE) | BIT(KPF_MMAP),
	  BIT(KPF_HUGE) | BIT(KPF_MMAP), 0 },
	{ "pool", BIT(KPF_HUGE) | BIT(KPF_MMAP), BIT(KPF_HUGE), 0 },
	{ "locked", BIT(KPF_MLOCKED) | BIT(KPF_UNEVICTABLE) | BIT(KPF_LRU),
	  BIT(KPF_MLOCKED) | BIT(KPF_UNEVICTABLE) | BIT(KPF_LRU), 0 },
	{ "shared", BIT(KPF_SWAPBACKED) | BIT(KPF_ANON), BIT(KPF_SWAPBACKED),
	  2 },
	{ "twice", BIT(KPF_ANON), BIT(KPF_ANON), 2 },
};

static const struct kind *kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	fprintf(stderr, "memlook: no kind of pages is called %s\n", name);
	exit(2);
}

static void blocks_with(const struct kind *kind)
{
	int flags_fd = open_proc("/proc/kpageflags");
	int count_fd = open_proc("/proc/kpagecount");
	uint64_t flags[BLOCK_PAGES], count[BLOCK_PAGES] = { 0 }, at;

	for (at = 0; entries(flags_fd, at, flags, BLOCK_PAGES) == BLOCK_PAGES;
	     at += BLOCK_PAGES) {
		size_t nr = 0;

		if (kind->mapped &&
		    entries(count_fd, at, count, BLOCK_PAGES) != BLOCK_PAGES)
			fail("/proc/kpagecount");
		for (size_t i = 0; i < BLOCK_PAGES; i++)
			nr += !(flags[i] & BIT(KPF_NOPAGE)) &&
			      (flags[i] & kind->mask) == kind->flags &&
			      count[i] >= kind->mapped;
		if (nr)
			printf("%" PRIu64 " %zu\n", at, nr);
	}
	close(flags_fd);
	close(count_fd);
}

/* Of a process: the frames that are looked at, and what was found there. */
struct look {
	uint64_t first;
	uint64_t nr;
	uint64_t present;
	uint64_t lru;
	uint64_t mapped_once;
	uint64_t active;
	uint64_t referenced;
};

static void mapping(const int fds[3], uint64_t start, uint64_t end,
		    struct look *look)
{
	for (uint64_t page = start / 4096; page < end / 4096; page++) {
		uint64_t entry, frame, flags, count;

		if (!entries(fds[0], page, &entry, 1) || !(entry & BIT(63)))
			continue;
		frame = entry & PFN_MASK;
		if (frame - look->first >= look->nr ||
		    !entries(fds[1], frame, &flags, 1) ||
		    !entries(fds[2], frame, &count, 1))
			continue;
		look->present++;
		look->lru += !!(flags & BIT(KPF_LRU));
		look->mapped_once += count == 1;
		look->active += !!(flags & BIT(KPF_ACTIVE));
		look->referenced += !!(flags & BIT(KPF_REFERENCED));
	}
}

/* Anonymous memory only: libraries and stacks of the kernel's are shared. */
static void process(const char *pid, uint64_t first, uint64_t nr)
{
	struct look look = { .first = first, .nr = nr };
	uint64_t start, end, inode;
	char path[64], line[512];
	int fds[3];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	fds[0] = open_proc(path);
	fds[1] = open_proc("/proc/kpageflags");
	fds[2] = open_proc("/proc/kpagecount");
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	f = fopen(path, "re");
	if (!f)
		fail(path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %" SCNu64,
			   &start, &end, &inode) == 3 && !inode &&
		    !strchr(line, '['))
			mapping(fds, start, end, &look);
	fclose(f);
	printf("present=%" PRIu64 "\nlru=%" PRIu64 "\nmapped_once=%" PRIu64
	       "\nactive=%" PRIu64 "\nreferenced=%" PRIu64 "\n",
	       look.present, look.lru, look.mapped_once, look.active,
	       look.referenced);
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		whole_machine();
	} else if (argc == 4 && !strcmp(argv[1], "--pages")) {
		pages(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	} else if (argc == 3 && !strcmp(argv[1], "--process")) {
		process(argv[2], 0, UINT64_MAX);
	} else if (argc == 5 && !strcmp(argv[1], "--process")) {
		process(argv[2], strtoull(argv[3], NULL, 0),
			strtoull(argv[4], NULL, 0));
	} else if (argc == 3 && !strcmp(argv[1], "--blocks")) {
		blocks_with(kind_named(argv[2]));
	} else {
		fprintf(stderr, "usage: see the head of memlook.c\n");
		return 2;
	}
	return 0;
}
