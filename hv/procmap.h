/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PROCMAP_QUERY ioctl on /proc/PID/maps, Linux 6.11, as its header
 * include/uapi/linux/fs.h has it: that of Debian 12 is older. It tells the page
 * size of a mapping without walking its page table, which smaps does.
 */
#ifndef CONTIG_HV_PROCMAP_H
#define CONTIG_HV_PROCMAP_H

#include <linux/ioctl.h>
#include <stdint.h>

struct procmap_query {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};

#define PROCMAP_QUERY_IOCTL _IOWR('f', 17, struct procmap_query)

/* The mapping at the address, or the next one. */
#define PROCMAP_COVERING_OR_NEXT 0x10

#endif
