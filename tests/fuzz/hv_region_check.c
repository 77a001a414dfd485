// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions that a guest names: those that pass lie in RAM and apart from each
 * other, by a check of its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hv/region_check.h"

#define MAX_REGIONS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_sound(const struct region_rules *rules,
			  const struct rammap *map,
			  const struct message_region *regions, uint32_t count)
{
	uint64_t bytes = order_to_bytes(rules->order);
	uint32_t i;
	uint32_t j;

	if (count > rules->max_count)
		abort();
	for (i = 0; i < count; i++) {
		uint64_t start = regions[i].gfn.v << CONTIG_PAGE_SHIFT;
		bool inside = false;

		for (j = 0; j < map->count; j++) {
			const struct ram_range *range = &map->ranges[j];

			inside = inside ||
				 (start >= range->gpa.v &&
				  start + bytes <= range->gpa.v + range->bytes);
		}
		if (!inside || start % bytes != 0)
			abort();
		for (j = 0; j < i; j++) {
			uint64_t other = regions[j].gfn.v << CONTIG_PAGE_SHIFT;

			if (start < other + bytes && other < start + bytes)
				abort();
			if (regions[i].id == regions[j].id)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rammap map = {
		.count = 2,
		.ranges = {
			{ .gpa = { 0x100000 }, .bytes = 0x3ff00000 },
			{ .gpa = { UINT64_C(1) << 32 },
			  .bytes = UINT64_C(1) << 31 },
		},
	};
	struct message_region regions[MAX_REGIONS];
	struct region_rules rules = { 0 };
	uint32_t culprit = 0;
	uint32_t count = 0;
	int verdict;

	if (size < 20)
		return 0;
	rules.order = (uint8_t)(MESSAGE_MIN_ORDER +
				data[0] % (MESSAGE_MAX_ORDER -
					   MESSAGE_MIN_ORDER + 1));
	rules.max_count = data[1] % MAX_REGIONS + 1;
	rules.nid = (int8_t)data[2] % 3;
	memcpy(&rules.first_gfn.v, data + 4, 8);
	memcpy(&rules.nr_gfns, data + 12, 8);
	if (data[3] & 1)
		rules.nr_gfns = 0;
	data += 20;
	size -= 20;
	while (size >= 12 && count < MAX_REGIONS) {
		struct message_region *region = &regions[count++];

		memset(region, 0, sizeof(*region));
		memcpy(&region->gfn.v, data, 8);
		/* Mostly plausible ones, else nothing gets past the first. */
		if (!(data[8] & 1))
			region->gfn.v = (region->gfn.v % (1 << 21)) &
					~(UINT64_C(511));
		region->id = data[9];
		region->order = data[10] & 1 ? data[10] : rules.order;
		region->nid = data[11] % 2;
		data += 12;
		size -= 12;
	}
	verdict = region_check(&rules, &map, regions, count, &culprit);
	if (verdict == REGION_FINE)
		must_be_sound(&rules, &map, regions, count);
	else if (verdict > 0 && culprit >= count)
		abort();
	return 0;
}
