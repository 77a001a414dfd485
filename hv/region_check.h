/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what a guest names as its regions believable? Pure. Nothing that a guest
 * says is acted upon before it has passed through here.
 */
#ifndef CONTIG_HV_REGION_CHECK_H
#define CONTIG_HV_REGION_CHECK_H

#include "hv/rammap.h"
#include "proto/message.h"

/* What was asked for. */
struct region_rules {
	uint8_t order;
	uint32_t max_count;
	int32_t nid; /* MESSAGE_ANY_NODE: any */
	struct gfn first_gfn;
	uint64_t nr_gfns; /* 0: anywhere */
};

enum region_verdict {
	REGION_FINE = 0,
	REGION_TOO_MANY, /* more than were asked for */
	REGION_BAD_ID, /* 0, or the same twice */
	REGION_BAD_ORDER, /* another size than was asked for */
	REGION_BAD_NODE, /* another node than was asked for */
	REGION_UNALIGNED,
	REGION_NOT_RAM, /* not wholly inside one range of RAM */
	REGION_OUT_OF_RANGE, /* outside the range that was asked for */
	REGION_OVERLAP, /* with another region of the same answer */
	REGION_NR_VERDICTS,
};

/**
 * region_check() - check all regions of one answer
 * @ret_culprit: index of the first region that is wrong.
 *
 * Costs @count * log(@count). Return: a verdict; -ENOMEM.
 */
int region_check(const struct region_rules *rules, const struct rammap *map,
		 const struct message_region *regions, uint32_t count,
		 uint32_t *ret_culprit);

/* For people: "lies outside the guest's RAM". */
const char *region_verdict_text(enum region_verdict verdict);

#endif
