/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to get regions that are compared. */
#ifndef CONTIG_BENCH_METHOD_H
#define CONTIG_BENCH_METHOD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/guest/device.h"

#define METHOD_MAX_HELD DEVICE_MAX_REGIONS

struct method {
	const struct method_kind *kind;
	unsigned int order;
	uint64_t count; /* regions that there are to be at the end */
	uint64_t rounds; /* 0: once, and what comes of it is kept */
	const char *scene; /* where the scene listens */
	unsigned int share; /* of what its programs want, in percent */
	uint64_t took_ns; /* of the call alone */
	uint64_t scanned; /* page frames looked at, as the call says */
	uint64_t tried, met; /* allocations of the scene's programs */

	uint64_t held[METHOD_MAX_HELD]; /* first frames of regions */
	size_t nr_held;
};

struct method_kind {
	const char *name;
	/* Gets the regions and keeps them; adds up took_ns and scanned. */
	void (*get)(struct method *method);
	void (*release)(struct method *method);
	/* The kernel counts what it scans for this one, the call does not. */
	int vmstat_scans;
	/* Prints key=value lines of what was not made; NULL: nothing to say. */
	void (*print_why)(FILE *f);
};

/* For kinds that have nothing to get, or to release. */
void method_nothing(struct method *method);

/* One more region that the oracle does not find by itself. */
void method_hold(struct method *method, uint64_t gfn);

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
