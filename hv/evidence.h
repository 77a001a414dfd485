/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands behind guest memory, as the host's kernel shows it.
 *
 * Only a huge entry in QEMU's own page table counts: a large folio that is
 * mapped by 4 KiB entries (KPF_THP shows those too) is not huge for KVM, and
 * what madvise() returned says nothing of what is there now.
 *
 * pagemap_scan (Linux 6.7): PAGEMAP_SCAN says range by range what is mapped by
 * a huge entry.
 *
 * smaps: for older kernels. smaps has only sums for each mapping, so places
 * are told by elimination: a huge entry covers an aligned 2 MiB of which every
 * page is present (and, where the kernel shows frame numbers, whose frames
 * follow each other from an aligned one). When a mapping has as many such
 * places as it has huge entries, each of them is huge. When it has more, none
 * is called huge: the method may see less than is there, never more.
 *
 * Neither calls the zero page huge: pagemap_scan says that nothing is there,
 * smaps can't tell it from small pages. hugetlb memory is huge wherever it is
 * present.
 */
#ifndef CONTIG_HV_EVIDENCE_H
#define CONTIG_HV_EVIDENCE_H

#include <stddef.h>

#include "hv/addr_host.h"

enum evidence_method {
	EVIDENCE_AUTO = 0, /* the first of the others that works here */
	EVIDENCE_PAGEMAP_SCAN,
	EVIDENCE_SMAPS,
	EVIDENCE_NR_METHODS,
};

/* What stands behind 2 MiB of guest memory. */
enum backing {
	BACKING_NONE = 0, /* nothing: never touched, or taken away */
	BACKING_SMALL, /* 4 KiB pages, at least one */
	BACKING_HUGE, /* one huge entry maps all of it */
};

/* A range of QEMU's memory, aligned to huge pages. */
struct evidence_range {
	struct hva start;
	uint64_t huge_ranges; /* length in units of 2 MiB */
	uint8_t *backing; /* enum backing, one for each 2 MiB; filled in */
	uint32_t *present_pages; /* likewise, 0..512; NULL: not wanted */
};

/**
 * evidence_look() - look at some ranges
 * @proc_fd: /proc/PID.
 * @ranges: in rising order of addresses; start is a multiple of 2 MiB.
 * @ret_method: the method that was used.
 * @ret_hugetlb: every range lies in hugetlb mappings.
 *
 * Blocks. Return: 0, -ESRCH when the process is gone, or what the kernel said.
 */
int evidence_look(int proc_fd, enum evidence_method method,
		  struct evidence_range *ranges, size_t count,
		  enum evidence_method *ret_method, bool *ret_hugetlb);

/* "auto", "pagemap_scan", "smaps" */
const char *evidence_method_name(enum evidence_method method);

/* Return: 0 or -EINVAL. */
int evidence_method_parse(const char *name, enum evidence_method *ret_method);

/* "none", "small", "huge" */
const char *backing_name(enum backing backing);

#endif
