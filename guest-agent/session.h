/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of proto/PROTOCOL.md as a state machine. It has no clock
 * and no descriptor: the caller moves bytes, says when a job is done, and
 * ticks.
 */
#ifndef CONTIG_AGENT_SESSION_H
#define CONTIG_AGENT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-agent/job.h"
#include "guest-agent/outq.h"
#include "guest-agent/worker.h"
#include "proto/frame.h"

enum session_state {
	/*
	 * No host. Only HELLO is taken; no job runs. Regions that are held
	 * are kept ones.
	 */
	SESSION_NONE,
	/* A host, and nothing to do. Everything is taken. */
	SESSION_READY,
	/*
	 * The worker has the job. HELLO and CANCEL are taken, everything else
	 * is answered BUSY. The job's fields are not ours.
	 */
	SESSION_WORKING,
	/*
	 * The job is done and its answer goes out piece by piece, as the host
	 * reads. HELLO is taken, CANCEL comes too late, the rest gets BUSY.
	 */
	SESSION_ANSWERING,
	/*
	 * The host is gone, or has said HELLO again; its job is being
	 * cancelled, after which its regions are released. There is no nonce:
	 * only HELLO is taken, and answered at the end.
	 */
	SESSION_CLEANING,
	SESSION_NR_STATES,
};

struct session_hello {
	bool waits;
	uint64_t nonce;
	uint32_t request;
	uint16_t version_min;
	uint16_t version_max;
	uint16_t version;
	uint64_t features; /* that the host offers */
};

/* What was thrown away, for the log line at the session's end. */
struct session_drops {
	uint64_t other_nonce;
	uint64_t old_request;
	uint64_t no_room; /* PROGRESS only */
};

struct session {
	enum session_state state;
	uint64_t nonce; /* 0: none */
	uint32_t last_request;
	uint32_t running; /* request number of the job */
	uint32_t asked; /* its regions, if it is a REQUEST, else 0 */
	bool cancelling; /* the job, until it is done */
	unsigned int stalled_ticks; /* since bytes came, half a frame waits */
	bool port_open; /* the host's end, when it was looked at last */
	bool port_unsure; /* bytes came since */
	unsigned int closed_ticks; /* closed, and yet somebody spoke */
	struct session_hello hello; /* the last one taken */
	struct session_drops drops;
	struct frame_stats stats_before; /* at the session's begin */
	struct message_progress progress; /* the last one sent */
	uint32_t regions_sent;
	struct frame_decoder decoder;
	struct outq out;
	struct message in;
	struct message reply;
	struct job job;

	/* given by the caller */
	struct worker *worker;
	struct device *device;
	const char *device_path;
	int device_errno; /* of the last device_open() */
	uint64_t boot;
};

/* What this agent can do beyond the protocol's first form. */
#define SESSION_FEATURES (MESSAGE_FEATURE_RECLAIM | MESSAGE_FEATURE_DETAILS)

#define SESSION_TICK_MS 100
/*
 * Two seconds: how long the rest of a frame is waited for, and that a port is
 * said to be open from which bytes came.
 */
#define SESSION_STALL_TICKS 20

/* @device is not open yet. */
void session_init(struct session *session, struct worker *worker,
		  struct device *device, const char *device_path,
		  uint64_t boot);

/*
 * Tries to open the device and logs what came of it, if that is news. Done at
 * each HELLO and request while it isn't open. Return: 0 or -errno.
 */
int session_open_device(struct session *session);

/* Bytes were put into session->decoder. */
void session_input(struct session *session);

/* There are no more bytes, and the host's end is open. */
void session_drained(struct session *session);

/* There are no more bytes, and the host's end is closed. */
void session_closed(struct session *session);

/* Bytes of session->out were sent. */
void session_output_sent(struct session *session);

/* The port is gone, and the host with it. */
void session_hangup(struct session *session);

/* worker_collect() said that the job is done. */
void session_job_done(struct session *session);

/* Whether session_tick() wants to be called each SESSION_TICK_MS. */
bool session_wants_tick(const struct session *session);
void session_tick(struct session *session);

const char *session_state_name(enum session_state state);

#endif
