/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without a kernel: device.h kept in memory, linked in place of
 * guest-agent/device.c. A region's frame number follows from its id.
 */
#ifndef CONTIG_TESTS_UNIT_AGENT_FAKE_H
#define CONTIG_TESTS_UNIT_AGENT_FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"

#define FAKE_MAX_HELD 200000

struct fake {
	/* what it does next */
	int open_err; /* negative errno of device_open() */
	int call_err; /* of every other call */
	int request_err; /* of device_request() only */
	uint32_t busy; /* so many requests find that another one runs */
	uint32_t lists; /* lists so many regions, if not 0, and not held[] */
	bool blocks; /* a request or map waits for fake_go() or a signal */
	uint32_t can_make; /* regions that a request makes at most */
	bool makes_nonsense; /* names regions that can't be */
	bool can_reclaim; /* when the device is opened */
	uint8_t max_order; /* likewise */
	struct message_details details; /* of every request */
	uint64_t guest_pages;

	/* what it has done */
	atomic_uint requests; /* begun */
	atomic_uint maps; /* begun */
	atomic_uint touched;
	atomic_uint interrupted; /* ended by a signal */
	struct message_request last_request;
	bool last_was_plan;
	uint64_t next_id;
	uint32_t nr_held;
	struct message_region held[FAKE_MAX_HELD];
};

extern struct fake fake;

/* Back to a guest of 1 GiB that can make everything. */
void fake_reset(void);

/* Lets a request that waits go on. */
void fake_go(void);

#endif
