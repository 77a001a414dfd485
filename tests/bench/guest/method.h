/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to get regions that are compared. */
#ifndef CONTIG_BENCH_METHOD_H
#define CONTIG_BENCH_METHOD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct method {
	const struct method_kind *kind;
	unsigned int order;
	uint64_t count; /* regions that there are to be at the end */
	const char *scene; /* where the scene listens, or NULL */
	unsigned int share; /* of what its programs want, in percent */
	FILE *held; /* first frames of the regions held, one a line */
	uint64_t took_ns; /* of the call alone */
	uint64_t scanned; /* page frames looked at, as the call says */
	uint64_t tried, met; /* allocations of the scene's programs */
	const char *why; /* what was not made, in words of the method */
};

struct method_kind {
	const char *name;
	/* Gets the regions and keeps them; adds up took_ns and scanned. */
	void (*get)(struct method *method);
	void (*release)(struct method *method);
	/* The kernel counts what it scans for this one, the call does not. */
	int vmstat_scans;
};

/* For kinds that have nothing to get, or to release. */
void method_nothing(struct method *method);

/* /dev/coalesce with one strategy */
extern const struct method_kind method_cost, method_freelist;
/* what every kernel has */
extern const struct method_kind method_compact, method_hugetlb, method_thp;
/* none; and the scenario demand, in the ways of method_demand.c */
extern const struct method_kind method_none;
extern const struct method_kind method_demand_none, method_demand_cost,
	method_demand_freelist, method_demand_hugetlb, method_demand_compact,
	method_demand_thp;

/* As method_compact, method_hugetlb and method_thp, for what comes after. */
void method_compact_all(struct method *method);
void method_grow_pool(struct method *method);
void method_empty_pool(struct method *method);
void method_touch_huge(struct method *method);
void method_unmap_huge(struct method *method);

#endif
