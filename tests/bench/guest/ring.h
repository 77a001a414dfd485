/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events from the kernel's trace buffer in its own, binary form: as text, a
 * large guest's would take longer than all that is measured. One CPU.
 */
#ifndef CONTIG_BENCH_RING_H
#define CONTIG_BENCH_RING_H

#include <stdbool.h>
#include <stdint.h>

/* A kind of event, and where in it a field of eight bytes stands. */
struct ring_event {
	uint64_t id;
	unsigned int offset;
};

struct ring_event ring_event(const char *format, const char *field);

/* How many did not fit. */
uint64_t ring_lost(void);

/* Takes the next event of one of these kinds out; false: there is no more. */
bool ring_next(const struct ring_event *a, const struct ring_event *b,
	       uint64_t *id, uint64_t *field, uint64_t *at_ns);

#endif
