// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/look.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

#define BIT(n) (UINT64_C(1) << (n))

/* Not in the header: "kernel hacking assistances". */
#define KPF_RESERVED 32

static const uint64_t never_moves =
	BIT(KPF_NOPAGE) | BIT(KPF_RESERVED) | BIT(KPF_SLAB) | BIT(KPF_PGTABLE) |
	BIT(KPF_OFFLINE) | BIT(KPF_HUGE) | BIT(KPF_HWPOISON);

static void *pages_for(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		control_fail("oracle: mmap: %s", strerror(errno));
	return p;
}

void look_prepare(struct look *look, const struct zones *zones)
{
	look->nr = (zones_end(zones) + LOOK_PAGES - 1) / LOOK_PAGES;
	look->block = pages_for(look->nr * sizeof(*look->block));
	if (mlockall(MCL_CURRENT))
		control_fail("oracle: mlockall: %s", strerror(errno));
}

/*
 * Anonymous memory that nobody has mapped and that is not in the swap cache:
 * somebody else holds it, a pipe for example, and it can't be moved.
 */
static bool is_orphan(uint64_t flags, uint64_t pfn, int count_fd)
{
	uint64_t mapped;

	if (!(flags & BIT(KPF_ANON)) ||
	    (flags & (BIT(KPF_MMAP) | BIT(KPF_SWAPCACHE) | BIT(KPF_THP))))
		return false;
	if (pread(count_fd, &mapped, sizeof(mapped), pfn * sizeof(mapped)) !=
	    sizeof(mapped))
		control_fail("oracle: kpagecount: %s", strerror(errno));
	return !mapped;
}

static void look_at_block(struct look_block *block, uint64_t first,
			  const uint64_t *flags, int count_fd)
{
	unsigned int huge = 0, thp = 0, unmovable = 0, lru = 0;

	for (unsigned int i = 0; i < LOOK_PAGES; i++) {
		if (flags[i] & BIT(KPF_BUDDY)) {
			block->free++;
			continue;
		}
		huge += !!(flags[i] & BIT(KPF_HUGE));
		lru += !!(flags[i] & BIT(KPF_LRU));
		thp += !!(flags[i] & BIT(KPF_THP));
		block->used += !(flags[i] & BIT(KPF_NOPAGE));
		if ((flags[i] & never_moves) || !(flags[i] & BIT(KPF_LRU)) ||
		    is_orphan(flags[i], first + i, count_fd))
			unmovable++;
	}
	block->clean = !unmovable;
	block->lru = lru;
	block->thp = thp == LOOK_PAGES;
	block->hugetlb = huge == LOOK_PAGES;
	block->head = flags[0] & BIT(KPF_COMPOUND_HEAD);
}

void look_now(struct look *look, const struct zones *zones, int flags_fd,
	      int count_fd)
{
	static uint64_t flags[LOOK_PAGES];

	look->free_pages = 0;
	for (size_t i = 0; i < look->nr; i++) {
		struct look_block *block = &look->block[i];
		uint64_t first = i * LOOK_PAGES;
		ssize_t n;

		*block = (struct look_block){ 0 };
		if (!zones_touch(zones, first, LOOK_PAGES))
			continue;
		n = pread(flags_fd, flags, sizeof(flags),
			  first * sizeof(*flags));
		/* EINVAL is how it says that it has no more. */
		if (n < 0 && errno != EINVAL)
			control_fail("oracle: kpageflags: %s", strerror(errno));
		if (n != sizeof(flags))
			continue;
		look_at_block(block, first, flags, count_fd);
		look->free_pages += block->free;
	}
}

void look_read_unmovable(struct look *look, const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t pfn;

	if (!f)
		control_fail("oracle: %s: %s", path, strerror(errno));
	while (fscanf(f, "%" SCNu64, &pfn) == 1) {
		if (pfn / LOOK_PAGES >= look->nr)
			control_fail("oracle: %s: no frame %" PRIu64, path,
				     pfn);
		look->block[pfn / LOOK_PAGES].clean = false;
	}
	fclose(f);
}

void look_save(const struct look *look, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(&look->nr, sizeof(look->nr), 1, f) != 1 ||
	    fwrite(look->block, sizeof(*look->block), look->nr, f) !=
		    look->nr ||
	    fclose(f))
		control_fail("oracle: %s: %s", path, strerror(errno));
}

void look_load(struct look *look, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f || fread(&look->nr, sizeof(look->nr), 1, f) != 1)
		control_fail("oracle: %s: %s", path, strerror(errno));
	look->block = pages_for(look->nr * sizeof(*look->block));
	if (fread(look->block, sizeof(*look->block), look->nr, f) != look->nr)
		control_fail("oracle: %s: ends early", path);
	fclose(f);
}
