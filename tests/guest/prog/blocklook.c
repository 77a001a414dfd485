// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blocklook - what /proc/kpageflags says of each block of 2 MiB
 *
 * One line a block that has memory: its first frame, how many of its 512 pages
 * are of which kind, and
 *
 *	order=O		the largest free run in it, aligned, of 2^O pages; -1
 *	first=KIND@GFN	the first page that is neither free nor on an LRU list
 *
 * Kinds that it has none of are left out. Each page is of one kind:
 *
 *	hole reserved free slab pgtable hugetlb thp
 *	locked		on an LRU list, and locked
 *	unevictable	on the list of those that can't be reclaimed
 *	lru		on another LRU list
 *	bare		no flag says anything: memory of the kernel's, or on a
 *			per-CPU list, which "coalesce state" empties
 *	other
 *
 * Like memlook, it shares nothing with the kernel patches or the agent.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_ORDER 9
#define BLOCK_PAGES (1 << BLOCK_ORDER)
#define BIT(n) (UINT64_C(1) << (n))

/* The kernel shows it too, but its header for programs does not say so. */
#define KPF_RESERVED 32

enum kind {
	HOLE,
	RESERVED,
	FREE,
	SLAB,
	PGTABLE,
	HUGETLB,
	THP,
	LOCKED,
	UNEVICTABLE,
	LRU,
	OTHER,
	BARE,
	NR_KINDS
};

/* The first kind decides whose flags a page has. */
static const struct {
	const char *name;
	uint64_t flags;
} kinds[NR_KINDS] = {
	[HOLE] = { "hole", BIT(KPF_NOPAGE) },
	[RESERVED] = { "reserved", BIT(KPF_RESERVED) },
	[FREE] = { "free", BIT(KPF_BUDDY) },
	[SLAB] = { "slab", BIT(KPF_SLAB) },
	[PGTABLE] = { "pgtable", BIT(KPF_PGTABLE) },
	[HUGETLB] = { "hugetlb", BIT(KPF_HUGE) },
	[THP] = { "thp", BIT(KPF_THP) | BIT(KPF_LRU) },
	[LOCKED] = { "locked", BIT(KPF_LOCKED) | BIT(KPF_LRU) },
	[UNEVICTABLE] = { "unevictable", BIT(KPF_UNEVICTABLE) | BIT(KPF_LRU) },
	[LRU] = { "lru", BIT(KPF_LRU) },
	[OTHER] = { "other", 0 },
	[BARE] = { "bare", 0 },
};

static enum kind kind_of(uint64_t flags)
{
	for (enum kind kind = HOLE; kind < OTHER; kind++)
		if ((flags & kinds[kind].flags) == kinds[kind].flags)
			return kind;
	return flags ? OTHER : BARE;
}

static bool may_go(enum kind kind)
{
	return kind == FREE || (kind >= THP && kind <= LRU);
}

static int largest_free(const enum kind page[BLOCK_PAGES])
{
	for (int order = BLOCK_ORDER; order >= 0; order--) {
		size_t size = (size_t)1 << order;

		for (size_t i = 0; i < BLOCK_PAGES; i += size) {
			size_t run = 0;

			while (run < size && page[i + run] == FREE)
				run++;
			if (run == size)
				return order;
		}
	}
	return -1;
}

static void print_block(uint64_t gfn, const enum kind page[BLOCK_PAGES])
{
	size_t count[NR_KINDS] = { 0 }, first = BLOCK_PAGES;

	for (size_t i = 0; i < BLOCK_PAGES; i++) {
		count[page[i]]++;
		if (first == BLOCK_PAGES && !may_go(page[i]))
			first = i;
	}
	if (count[HOLE] == BLOCK_PAGES)
		return;
	printf("%" PRIu64, gfn);
	for (enum kind kind = HOLE; kind < NR_KINDS; kind++)
		if (count[kind])
			printf(" %s=%zu", kinds[kind].name, count[kind]);
	printf(" order=%d", largest_free(page));
	if (first < BLOCK_PAGES)
		printf(" first=%s@%" PRIu64, kinds[page[first]].name,
		       gfn + first);
	putchar('\n');
}

int main(void)
{
	static const char path[] = "/proc/kpageflags";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t flags[BLOCK_PAGES];
	enum kind page[BLOCK_PAGES];

	if (fd < 0) {
		fprintf(stderr, "blocklook: %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (uint64_t gfn = 0;
	     pread(fd, flags, sizeof(flags), gfn * sizeof(*flags)) ==
	     sizeof(flags);
	     gfn += BLOCK_PAGES) {
		for (size_t i = 0; i < BLOCK_PAGES; i++)
			page[i] = kind_of(flags[i]);
		print_block(gfn, page);
	}
	close(fd);
	return 0;
}
