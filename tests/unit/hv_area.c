// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/hv_area.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv/units.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Of an entry of /proc/PID/pagemap, for everyone to see. */
#define PAGEMAP_EXCLUSIVE (UINT64_C(1) << 56)
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)

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

int make_private(void **state)
{
	return make_area(state, MAP_PRIVATE);
}

int make_shared(void **state)
{
	return make_area(state, MAP_SHARED);
}

int unmake_area(void **state)
{
	struct area *area = *state;

	munmap(area->reserved, (RANGES + 2) * HUGE_BYTES);
	free(area);
	return 0;
}

uint8_t *range_of(const struct area *area, int i)
{
	return area->start + (size_t)i * HUGE_BYTES;
}

void make_huge(const struct area *area, int i)
{
	uint8_t *range = range_of(area, i);

	madvise(range, HUGE_BYTES, MADV_HUGEPAGE);
	memset(range, 1, HUGE_BYTES);
	if (madvise(range, HUGE_BYTES, MADV_COLLAPSE) < 0)
		fail_msg("no huge page to be had: %s", strerror(errno));
}

bool read_zeroes(const struct area *area, int i)
{
	const volatile uint8_t *range = range_of(area, i);
	uint64_t entry;
	off_t at = (off_t)((uintptr_t)range / 4096 * sizeof(entry));
	size_t offset;
	int fd;

	for (offset = 0; offset < HUGE_BYTES; offset += 4096)
		assert_int_equal(range[offset], 0);
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &entry, sizeof(entry), at), sizeof(entry));
	close(fd);
	assert_true(entry & PAGEMAP_PRESENT);
	return (entry & PAGEMAP_EXCLUSIVE) == 0;
}

void allow_huge(const struct area *area)
{
	madvise(area->start, RANGES * HUGE_BYTES, MADV_HUGEPAGE);
}
