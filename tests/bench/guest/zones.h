/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones of memory, as /proc/zoneinfo tells of them. */
#ifndef CONTIG_BENCH_ZONES_H
#define CONTIG_BENCH_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONES_MAX 64

/* Counts are pages. */
struct zone {
	unsigned int node;
	uint64_t start; /* first page frame */
	uint64_t spanned;
	uint64_t managed;
	uint64_t free;
	/* Without the boost that the file's figures have in them. */
	uint64_t low;
	uint64_t high;
	uint64_t on_cpus; /* free, in the lists of a CPU */
	uint64_t kept; /* from what could be had from a higher zone, too */
};

struct zones {
	struct zone zone[ZONES_MAX];
	size_t nr; /* those that have memory */
};

/*
 * Reading a second time from the same descriptor takes no memory. Both end the
 * program when they fail.
 */
int zones_open(const char *path);
void zones_read(int fd, struct zones *zones);

/* Opened, read and closed. */
void zones_now(struct zones *zones);

uint64_t zones_free(const struct zones *zones);
uint64_t zones_high(const struct zones *zones);
uint64_t zones_on_cpus(const struct zones *zones);

/* What programs can have before any zone is down to its low watermark. */
uint64_t zones_spare(const struct zones *zones);

/* The end of the highest one. */
uint64_t zones_end(const struct zones *zones);

/* Does any of these page frames lie in a zone, do all of them in one? */
bool zones_touch(const struct zones *zones, uint64_t first, uint64_t nr);
bool zones_hold(const struct zones *zones, uint64_t first, uint64_t nr);

#endif
