/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's two kinds of address, and the huge page that contig puts behind
 * guest memory. proto/addr.h has the guest's kinds.
 */
#ifndef CONTIG_HV_ADDR_HOST_H
#define CONTIG_HV_ADDR_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/addr.h"

/* Orders count 4 KiB pages, as in the kernel. */
#define HUGE_ORDER 9
#define HUGE_SHIFT (CONTIG_PAGE_SHIFT + HUGE_ORDER)
#define HUGE_BYTES (UINT64_C(1) << HUGE_SHIFT)
#define HUGE_PAGES (UINT64_C(1) << HUGE_ORDER)

/* Address in QEMU's address space, in bytes. */
struct hva {
	uint64_t v;
};

/* Page frame number of the host. */
struct hfn {
	uint64_t v;
};

static inline uint64_t order_to_bytes(uint8_t order)
{
	return CONTIG_PAGE_BYTES << order;
}

/* KVM maps a huge page only where both addresses agree modulo its size. */
static inline bool addr_congruent(struct gpa gpa, struct hva hva)
{
	return ((gpa.v ^ hva.v) & (HUGE_BYTES - 1)) == 0;
}

#endif
