// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/region.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/common/control.h"

void regions_make(struct regions *regions, const struct look *look,
		  const struct zones *zones, unsigned int order)
{
	regions->look = look;
	regions->zones = zones;
	regions->order = order;
	regions->blocks = (size_t)1 << (order - LOOK_ORDER);
	regions->nr = look->nr / regions->blocks;
}

static const struct look_block *blocks_of(const struct regions *regions,
					  size_t i)
{
	return &regions->look->block[i * regions->blocks];
}

static bool is_free(const struct regions *regions, size_t i)
{
	const struct look_block *block = blocks_of(regions, i);

	for (size_t k = 0; k < regions->blocks; k++)
		if (block[k].free != LOOK_PAGES)
			return false;
	return true;
}

static bool is_clean(const struct regions *regions, size_t i)
{
	const struct look_block *block = blocks_of(regions, i);

	for (size_t k = 0; k < regions->blocks; k++)
		if (!block[k].clean)
			return false;
	return zones_hold(regions->zones, i << regions->order,
			  UINT64_C(1) << regions->order);
}

/* One hugetlb page of just this size. */
static bool is_hugetlb(const struct regions *regions, size_t i)
{
	const struct look_block *block = blocks_of(regions, i);

	for (size_t k = 0; k < regions->blocks; k++)
		if (!block[k].hugetlb || block[k].head != !k)
			return false;
	return i + 1 == regions->nr || !block[regions->blocks].hugetlb ||
	       block[regions->blocks].head;
}

size_t regions_free(const struct regions *regions)
{
	size_t count = 0;

	for (size_t i = 0; i < regions->nr; i++)
		count += is_free(regions, i);
	return count;
}

size_t regions_clean(const struct regions *regions)
{
	size_t count = 0;

	for (size_t i = 0; i < regions->nr; i++)
		count += is_clean(regions, i);
	return count;
}

size_t regions_new_hugetlb(const struct regions *regions,
			   const struct regions *old)
{
	size_t count = 0;

	for (size_t i = 0; i < regions->nr; i++)
		count += is_hugetlb(regions, i) &&
			 (i >= old->nr || !is_hugetlb(old, i));
	return count;
}

/* Each block of it is one piece that nobody uses, or a huge page in use. */
static bool can_be_held(const struct regions *regions, size_t i, bool huge)
{
	const struct look_block *block = blocks_of(regions, i);

	for (size_t k = 0; k < regions->blocks; k++)
		if (block[k].used != LOOK_PAGES || block[k].hugetlb ||
		    block[k].lru != huge || block[k].thp != huge ||
		    !block[k].head)
			return false;
	return true;
}

bool *regions_none(const struct regions *regions)
{
	bool *none = calloc(regions->nr, sizeof(*none));

	if (!none)
		control_fail("oracle: out of memory");
	return none;
}

size_t regions_held(const struct regions *regions, const char *path, bool huge,
		    bool *held)
{
	FILE *f = fopen(path, "re");
	size_t count = 0, i;
	uint64_t gfn;

	if (!f)
		control_fail("oracle: %s: %s", path, strerror(errno));
	while (fscanf(f, "%" SCNu64, &gfn) == 1) {
		i = gfn >> regions->order;
		if (i << regions->order != gfn || i >= regions->nr || held[i] ||
		    !can_be_held(regions, i, huge))
			control_fail("oracle: %s: no region at frame %" PRIu64,
				     path, gfn);
		held[i] = true;
		count++;
	}
	fclose(f);
	return count;
}

size_t regions_of_unclean(const struct regions *regions,
			  const struct regions *old, const bool *held)
{
	size_t count = 0;

	for (size_t i = 0; i < regions->nr && i < old->nr; i++)
		count += !is_clean(old, i) &&
			 (held[i] || is_free(regions, i) ||
			  (is_hugetlb(regions, i) && !is_hugetlb(old, i)));
	return count;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t regions_ideal_moves(const struct regions *regions, size_t count)
{
	uint64_t *used = calloc(regions->nr, sizeof(*used)), sum = 0;
	size_t clean = 0;

	if (!used)
		control_fail("oracle: out of memory");
	for (size_t i = 0; i < regions->nr; i++) {
		const struct look_block *block = blocks_of(regions, i);

		if (!is_clean(regions, i))
			continue;
		for (size_t k = 0; k < regions->blocks; k++)
			used[clean] += block[k].used;
		clean++;
	}
	qsort(used, clean, sizeof(*used), by_value);
	for (size_t i = 0; i < count && i < clean; i++)
		sum += used[i];
	free(used);
	return sum;
}

size_t look_clean(const struct look *look)
{
	size_t count = 0;

	for (size_t i = 0; i < look->nr; i++)
		count += look->block[i].clean;
	return count;
}
