/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts huge pages behind ranges of QEMU's memory.
 *
 * look -> collapse what is not huge yet -> look again. Only the second look
 * counts as success.
 */
#ifndef CONTIG_HV_BACK_H
#define CONTIG_HV_BACK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "hv/addr_host.h"
#include "hv/evidence.h"
#include "hv/process.h"

/* Why a range is not behind a huge page, as seen from the host. */
enum back_reason {
	BACK_FINE = 0,
	BACK_NOT_CONGRUENT, /* address and guest address don't agree */
	BACK_UNTOUCHED, /* nothing is there that could be collapsed */
	BACK_NOT_ALLOWED, /* something is, but the mapping may have none huge */
	BACK_NO_HUGE_PAGE, /* the host has none to give */
	BACK_BUSY, /* a page in it was locked or pinned on the host */
	BACK_GONE, /* was collapsed, or huge, and is not any more */
	BACK_REFUSED, /* not permitted */
	BACK_DEADLINE,
	BACK_CANCELLED,
	BACK_QEMU_GONE,
	BACK_OTHER, /* the kernel had another reason */
	BACK_NR_REASONS,
};

/* One naturally aligned 2 MiB of QEMU's memory. */
struct back_range {
	struct hva hva;
	/* False: never counts as huge, and nothing is done about it. */
	bool congruent;
	uint32_t index; /* the caller's own, since the order is by address */
	enum backing before;
	enum backing after;
	enum back_reason reason; /* BACK_FINE exactly when after is huge */
};

struct back_run {
	const struct process *process;
	enum evidence_method method;
	bool look_only; /* collapse nothing; after is before */
	/* Only ranges with something behind them are collapsed. */
	struct back_range *ranges; /* rising addresses */
	size_t count;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
	atomic_bool *cancel; /* may be NULL */
	atomic_size_t *progress; /* ranges dealt with; may be NULL */
	/* Results. */
	enum evidence_method used_method;
	bool hugetlb;
	uint64_t host_ns;
};

/**
 * back_run() - do it
 *
 * Blocks. Before each range, which takes some 0.2 to 4 ms, @cancel and
 * @deadline_ns are looked at. Moves memory of QEMU's, which stays QEMU's in any
 * case.
 *
 * Return: 0, also when not all of it could be done: the ranges say; -ESRCH
 * when the process is gone; a negative errno when it can't be looked at.
 */
int back_run(struct back_run *run);

/* Puts the ranges into the order that back_run() wants. */
void back_sort(struct back_range *ranges, size_t count);

const char *back_reason_name(enum back_reason reason);

#endif
