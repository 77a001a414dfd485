// SPDX-License-Identifier: GPL-2.0-or-later
/* PAGEMAP_SCAN: the kernel says range by range what a huge entry maps. */
#include "hv/evidence_parts.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "hv/pagemap_scan.h"

/* Pieces that one ioctl may report: 24 KiB of buffer. */
#define SCAN_PIECES 1024

/*
 * A piece may begin and end inside a 2 MiB range (then it is not mapped huge)
 * and may span many of them.
 */
static void range_take_piece(struct evidence_range *range,
			     const struct pagemap_scan_region *piece)
{
	uint64_t start = piece->start - range->start.v;
	uint64_t end = piece->end - range->start.v;
	bool huge = (piece->categories & PAGEMAP_SCAN_HUGE) != 0;
	/* It is nobody's memory: what was only read is still untouched. */
	bool zero = (piece->categories & PAGEMAP_SCAN_PFNZERO) != 0;

	while (start < end) {
		uint64_t i = start >> HUGE_SHIFT;
		uint64_t next = (i + 1) << HUGE_SHIFT;
		uint64_t stop = next < end ? next : end;

		if (range->present_pages != NULL)
			range->present_pages[i] +=
				(uint32_t)((stop - start) >> CONTIG_PAGE_SHIFT);
		if (huge && !zero && stop - start == HUGE_BYTES)
			range->backing[i] = BACKING_HUGE;
		else if (!zero)
			range->backing[i] = BACKING_SMALL;
		start = stop;
	}
}

static int scan_range(int pagemap_fd, struct evidence_range *range)
{
	struct pagemap_scan_region pieces[SCAN_PIECES];
	uint64_t end = evidence_range_end(range);
	uint64_t from = range->start.v;

	evidence_range_clear(range);
	while (from < end) {
		struct pagemap_scan_arg arg = {
			.size = sizeof(arg),
			.start = from,
			.end = end,
			.vec = (uint64_t)(uintptr_t)pieces,
			.vec_len = SCAN_PIECES,
			.category_mask = PAGEMAP_SCAN_PRESENT,
			.return_mask = PAGEMAP_SCAN_PRESENT |
				       PAGEMAP_SCAN_PFNZERO | PAGEMAP_SCAN_HUGE,
		};
		int found;
		int i;

		found = ioctl(pagemap_fd, PAGEMAP_SCAN_IOCTL, &arg);
		if (found < 0)
			return -errno;
		for (i = 0; i < found; i++) {
			if (pieces[i].start < from || pieces[i].end > end ||
			    pieces[i].end <= pieces[i].start)
				return -EBADMSG;
			range_take_piece(range, &pieces[i]);
		}
		if (arg.walk_end <= from)
			return -EBADMSG;
		from = arg.walk_end;
	}
	return 0;
}

int evidence_look_scan(int pagemap_fd, struct evidence_range *ranges,
		       size_t count)
{
	size_t i;
	int r = 0;

	for (i = 0; i < count && r == 0; i++)
		r = scan_range(pagemap_fd, &ranges[i]);
	return r;
}
