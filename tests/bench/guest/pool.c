// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/guest/zones.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"
#include "tests/guest/common/pagemap.h"

#define WORD_BITS 64
/* A page table maps so many pages. */
#define TABLE_PAGES 512

size_t pool_free_pages(void)
{
	struct zones zones;

	zones_now(&zones);
	return zones_free(&zones) + zones_on_cpus(&zones);
}

void pool_open(struct pool *pool, uint64_t seed)
{
	size_t words;

	pool->pages = 0;
	pool->room = pool_free_pages();
	pool->seed = seed;
	words = pool->room / WORD_BITS + 1;
	pool->gone = calloc(words, sizeof(*pool->gone));
	if (!pool->gone)
		control_fail("scene: out of memory");
	/* Now, and not when the memory is to be full. */
	memset(pool->gone, 0, words * sizeof(*pool->gone));
	pool->start = mmap(NULL, pool->room * PAGE_BYTES,
			   PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Programs that the scene starts have no part in it. */
	if (pool->start == MAP_FAILED ||
	    madvise(pool->start, pool->room * PAGE_BYTES, MADV_NOHUGEPAGE) ||
	    madvise(pool->start, pool->room * PAGE_BYTES, MADV_DONTFORK))
		control_fail("scene: mmap: %s", strerror(errno));
}

static char *page_at(const struct pool *pool, size_t i)
{
	return pool->start + i * PAGE_BYTES;
}

void pool_prepare_tables(struct pool *pool)
{
	for (size_t i = 0; i < pool->room; i += TABLE_PAGES)
		*(volatile char *)page_at(pool, i) = 1;
	if (madvise(pool->start, pool->room * PAGE_BYTES, MADV_DONTNEED))
		control_fail("scene: madvise: %s", strerror(errno));
}

void pool_grow(struct pool *pool, size_t pages)
{
	if (pages > pool->room - pool->pages)
		control_fail("scene: more pages wanted than there were");
	for (; pages; pages--, pool->pages++)
		page_fill(page_at(pool, pool->pages), pool->seed, pool->pages);
}

bool pool_has(const struct pool *pool, size_t i)
{
	return !(pool->gone[i / WORD_BITS] >> (i % WORD_BITS) & 1);
}

void pool_give(struct pool *pool, size_t i)
{
	if (madvise(page_at(pool, i), PAGE_BYTES, MADV_DONTNEED))
		control_fail("scene: madvise: %s", strerror(errno));
	pool->gone[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
}

void pool_retake(struct pool *pool, size_t i)
{
	page_fill(page_at(pool, i), pool->seed, i);
	pool->gone[i / WORD_BITS] &= ~(UINT64_C(1) << (i % WORD_BITS));
}

void pool_give_percent(struct pool *pool, unsigned int percent)
{
	for (size_t i = 0; i < pool->pages; i++)
		if (pool_has(pool, i) &&
		    page_hash(~pool->seed, i) % 100 < percent)
			pool_give(pool, i);
}

void pool_give_count(struct pool *pool, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < pool->pages; i++)
		left += pool_has(pool, i);
	/* Algorithm S of Knuth's volume 2, 3.4.2. */
	for (size_t i = 0; i < pool->pages && count && left; i++) {
		if (!pool_has(pool, i))
			continue;
		if (page_hash(~pool->seed, i) % left < count) {
			pool_give(pool, i);
			count--;
		}
		left--;
	}
}

void pool_frames(const struct pool *pool, size_t first, size_t nr,
		 uint64_t *frames)
{
	pagemap_frames(pool->start + first * PAGE_BYTES, nr, frames);
}

void pool_check(const struct pool *pool, struct tally *tally)
{
	for (size_t i = 0; i < pool->pages; i++) {
		if (!pool_has(pool, i))
			continue;
		tally->checked++;
		tally->wrong += !page_is_right(page_at(pool, i), pool->seed, i);
	}
}
