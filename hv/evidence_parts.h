/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of evidence: for the files evidence*.c alone. */
#ifndef CONTIG_HV_EVIDENCE_PARTS_H
#define CONTIG_HV_EVIDENCE_PARTS_H

#include <stdbool.h>
#include <string.h>

#include "hv/evidence.h"

static inline uint64_t evidence_range_end(const struct evidence_range *range)
{
	return range->start.v + (range->huge_ranges << HUGE_SHIFT);
}

/* Nothing is there, as long as nothing was seen. */
static inline void evidence_range_clear(struct evidence_range *range)
{
	memset(range->backing, BACKING_NONE, range->huge_ranges);
	if (range->present_pages != NULL)
		memset(range->present_pages, 0,
		       range->huge_ranges * sizeof(*range->present_pages));
}

/*
 * The two ways to look, as evidence_look() has it. Return: 0 or a negative
 * errno; -ENOTTY: this kernel has no PAGEMAP_SCAN.
 */
int evidence_look_scan(int pagemap_fd, struct evidence_range *ranges,
		       size_t count);
int evidence_look_smaps(int proc_fd, int pagemap_fd,
			struct evidence_range *ranges, size_t count);

/* Whether every mapping that a range touches is one of hugetlb memory. */
int evidence_smaps_hugetlb(int proc_fd, const struct evidence_range *ranges,
			   size_t count, bool *ret_hugetlb);

#endif
