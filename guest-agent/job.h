/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each request of the host makes the kernel do. Runs in the worker
 * thread, since the kernel may take long.
 */
#ifndef CONTIG_AGENT_JOB_H
#define CONTIG_AGENT_JOB_H

#include <stdint.h>

#include "guest-agent/device.h"
#include "guest-agent/kept.h"
#include "proto/message.h"

/* What the agent's books may hold: 2 TiB in regions of 2 MiB; 24 MiB here. */
#define JOB_MAX_HELD (1u << 20)

enum job_kind {
	JOB_ASK, /* what a message asks for */
	JOB_CLEAN, /* release all regions that are not kept */
};

struct job {
	enum job_kind kind;
	struct message ask;
	/*
	 * Results: the message that ends the request; regions and then details
	 * go before it.
	 */
	struct message reply;
	struct message_details details; /* all zero: none */
	struct message_region *regions; /* owned by the job */
	uint32_t nr_regions;
	/* JOB_CLEAN: 0 or why not; regions released, regions kept */
	int err;
	uint32_t released;
	uint32_t nr_kept;
};

/*
 * Between two tries of a request that another one is in the way of, and how
 * often it is tried again: 5 seconds.
 */
#define JOB_BUSY_WAIT_MS 50
#define JOB_BUSY_RETRIES 100

/* While a job runs, only its thread touches any of this. */
struct job_context {
	struct device *device;
	struct kept *kept;
	unsigned int max_held_percent;
	unsigned int busy_retries; /* JOB_BUSY_RETRIES; fewer in tests */
};

/* Runs @job to its end. Its regions have to be freed by job_free() later. */
void job_run(struct job *job, const struct job_context *context);

void job_free(struct job *job);

/* Makes @message an ERROR; the text is cut and made printable. */
void job_error(struct message *message, enum message_error_code code,
	       const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
