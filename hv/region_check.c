// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/region_check.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static const char *const verdict_texts[] = {
	[REGION_FINE] = "is fine",
	[REGION_TOO_MANY] = "is more than were asked for",
	[REGION_BAD_ID] = "has no id of its own",
	[REGION_BAD_ORDER] = "has another size than was asked for",
	[REGION_BAD_NODE] = "is on another node than was asked for",
	[REGION_UNALIGNED] = "is not aligned to its size",
	[REGION_NOT_RAM] = "lies outside the guest's RAM",
	[REGION_OUT_OF_RANGE] = "lies outside the range that was asked for",
	[REGION_OVERLAP] = "overlaps another one",
};

static_assert(sizeof(verdict_texts) / sizeof(verdict_texts[0]) ==
		      REGION_NR_VERDICTS,
	      "each verdict has a text");

const char *region_verdict_text(enum region_verdict verdict)
{
	return verdict_texts[verdict];
}

/* Index and the key that it is sorted by. */
struct entry {
	uint64_t key;
	uint32_t index;
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static enum region_verdict check_one(const struct region_rules *rules,
				     const struct rammap *map,
				     const struct message_region *region)
{
	uint64_t pages = UINT64_C(1) << rules->order;
	uint64_t offset;

	if (region->id == 0)
		return REGION_BAD_ID;
	if (region->order != rules->order)
		return REGION_BAD_ORDER;
	if (rules->nid != MESSAGE_ANY_NODE && region->nid != rules->nid)
		return REGION_BAD_NODE;
	if (region->gfn.v % pages != 0)
		return REGION_UNALIGNED;
	/* Before anything is shifted or added: no address is that large. */
	if (region->gfn.v >= UINT64_C(1) << (52 - CONTIG_PAGE_SHIFT))
		return REGION_NOT_RAM;
	if (rammap_find(map, gfn_to_gpa(region->gfn),
			order_to_bytes(rules->order)) == NULL)
		return REGION_NOT_RAM;
	if (rules->nr_gfns != 0) {
		offset = region->gfn.v - rules->first_gfn.v;
		if (region->gfn.v < rules->first_gfn.v ||
		    offset >= rules->nr_gfns ||
		    rules->nr_gfns - offset < pages)
			return REGION_OUT_OF_RANGE;
	}
	return REGION_FINE;
}

int region_check(const struct region_rules *rules, const struct rammap *map,
		 const struct message_region *regions, uint32_t count,
		 uint32_t *ret_culprit)
{
	enum region_verdict verdict;
	struct entry *entries;
	uint32_t i;

	if (count > rules->max_count) {
		*ret_culprit = rules->max_count;
		return REGION_TOO_MANY;
	}
	if (count == 0)
		return REGION_FINE;
	for (i = 0; i < count; i++) {
		verdict = check_one(rules, map, &regions[i]);
		if (verdict != REGION_FINE) {
			*ret_culprit = i;
			return verdict;
		}
	}
	entries = calloc(count, sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	/* All have one size and are aligned to it: overlapping is equality. */
	verdict = REGION_FINE;
	for (i = 0; i < count; i++)
		entries[i] = (struct entry){ regions[i].gfn.v, i };
	qsort(entries, count, sizeof(*entries), compare_entries);
	for (i = 1; i < count && verdict == REGION_FINE; i++) {
		if (entries[i].key == entries[i - 1].key) {
			verdict = REGION_OVERLAP;
			*ret_culprit = entries[i].index;
		}
	}
	for (i = 0; i < count && verdict == REGION_FINE; i++)
		entries[i] = (struct entry){ regions[i].id, i };
	if (verdict == REGION_FINE)
		qsort(entries, count, sizeof(*entries), compare_entries);
	for (i = 1; i < count && verdict == REGION_FINE; i++) {
		if (entries[i].key == entries[i - 1].key) {
			verdict = REGION_BAD_ID;
			*ret_culprit = entries[i].index;
		}
	}
	free(entries);
	return verdict;
}
