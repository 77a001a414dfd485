/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions from /dev/coalesce. Ends the program when it can't be asked. */
#ifndef CONTIG_BENCH_DEVICE_H
#define CONTIG_BENCH_DEVICE_H

#include <stdint.h>
#include <stdio.h>

/* Of 2 MiB each, more than the largest guest has. */
#define DEVICE_MAX_REGIONS 8192

struct device_request {
	unsigned int order;
	uint64_t count;

	/* What comes of it: */
	int fd; /* regions are held until it is closed */
	uint64_t took_ns; /* by the call as a program sees it */
	uint64_t scanned; /* page frames that it looked at */
	uint64_t gfns[DEVICE_MAX_REGIONS]; /* their first frames */
	uint64_t made;
};

/*
 * Where memory is short, cost may drop clean page cache, as methods of other
 * kernels do without being asked; freelist has no use for that.
 */
void device_cost(struct device_request *request);
void device_freelist(struct device_request *request);

/* Of the last request: a line shortfall_REASON=REGIONS for each reason. */
void device_print_shortfall(FILE *f);

#endif
