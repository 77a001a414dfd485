/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's two kinds of address, as types that can't be mixed up. The
 * host's own kinds stand in hv/.
 */
#ifndef CONTIG_PROTO_ADDR_H
#define CONTIG_PROTO_ADDR_H

#include <stdint.h>

#define CONTIG_PAGE_SHIFT 12
#define CONTIG_PAGE_BYTES (UINT64_C(1) << CONTIG_PAGE_SHIFT)

/* Guest page frame number: what the guest's kernel counts in. */
struct gfn {
	uint64_t v;
};

/* Guest physical address in bytes: what QEMU counts in. */
struct gpa {
	uint64_t v;
};

/* The caller has checked that the frame number has no bit above 51. */
static inline struct gpa gfn_to_gpa(struct gfn gfn)
{
	return (struct gpa){ gfn.v << CONTIG_PAGE_SHIFT };
}

static inline struct gfn gpa_to_gfn(struct gpa gpa)
{
	return (struct gfn){ gpa.v >> CONTIG_PAGE_SHIFT };
}

#endif
