/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PAGEMAP_SCAN ioctl on /proc/PID/pagemap, Linux 6.7, as its header
 * include/uapi/linux/fs.h has it: that of Debian 12 is older.
 */
#ifndef CONTIG_HV_PAGEMAP_SCAN_H
#define CONTIG_HV_PAGEMAP_SCAN_H

#include <linux/ioctl.h>
#include <stdint.h>

struct pagemap_scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct pagemap_scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define PAGEMAP_SCAN_IOCTL _IOWR('f', 16, struct pagemap_scan_arg)

#define PAGEMAP_SCAN_PRESENT (UINT64_C(1) << 3)
#define PAGEMAP_SCAN_PFNZERO (UINT64_C(1) << 5)
#define PAGEMAP_SCAN_HUGE (UINT64_C(1) << 6)

#endif
