/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of the protocol with one guest's agent; proto/PROTOCOL.md
 * is the specification.
 *
 * One call at a time. A call ends by its answer, by the agent's refusal, by
 * time, or by the end of the connection; after each of the last two a new
 * session is begun, by which the agent gives back what was not kept.
 */
#ifndef CONTIG_HV_SESSION_H
#define CONTIG_HV_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "hv/clock.h"
#include "hv/failure.h"
#include "proto/frame.h"
#include "proto/message.h"

/* What contigd can do beyond the protocol's first form. */
#define SESSION_FEATURES (MESSAGE_FEATURE_RECLAIM | MESSAGE_FEATURE_DETAILS)
/* How long a living agent may take to say hello; a slow guest needs some. */
#define SESSION_HELLO_NS (5 * NS_PER_S)
/* While a call runs the agent is asked for a sign of life this often... */
#define SESSION_PING_NS (2 * NS_PER_S)
/* ...and taken for dead when it gave none for so long. */
#define SESSION_DEAD_NS (12 * NS_PER_S)
/* Without a call it is asked this often, so that 'answers' stays true. */
#define SESSION_LOOK_NS (30 * NS_PER_S)
/* How long a cancelled request may take to end. */
#define SESSION_CANCEL_NS (10 * NS_PER_S)
/* How long a guest is left alone after it has broken the rules. */
#define SESSION_FAULTY_FIRST_NS (4 * NS_PER_S)
#define SESSION_FAULTY_LAST_NS (64 * NS_PER_S)
/* When it has broken none for so long, the next time counts as the first. */
#define SESSION_FAULTY_FORGET_NS (600 * NS_PER_S)
/* Longer texts of session_fault() are cut. */
#define SESSION_FAULT_BYTES 256

enum session_state {
	/* Not connected. A call waits for the next try, which comes at once. */
	SESSION_DOWN,
	/* HELLO was sent. Only HELLO_REPLY and ERROR VERSION are taken. */
	SESSION_HELLO,
	/* No answer came. A timer or a call says HELLO again. */
	SESSION_SILENT,
	/* There is a session and no call. After a while HELLO is said again. */
	SESSION_READY,
	/* HELLO was said again, to see that the agent lives; a call may
	 * wait. */
	SESSION_CHECKING,
	/* The agent may still be working on a ping that came after its answer
	 * to the last call; the next call waits for the ping's end. */
	SESSION_SETTLING,
	/* A call runs: its answers are taken, all else is dropped. */
	SESSION_BUSY,
	/* CANCEL was sent: as BUSY, for a short time. */
	SESSION_CANCELLING,
	/* The agent speaks another version. As SILENT. */
	SESSION_VERSION,
	/* The guest broke the rules. Closed until the back-off is over; calls
	 * are refused. */
	SESSION_FAULTY,
	SESSION_NR_STATES,
};

struct session_calls {
	/*
	 * A message that belongs to the call and does not end it (REGIONS,
	 * DETAILS, PROGRESS). Return: NULL; or the rule that the guest broke
	 * by it, in words, and done() follows.
	 */
	const char *(*message)(void *userdata, const struct message *message);
	/*
	 * The call has ended: by @answer, or for another reason, then @answer
	 * is NULL. Not called from inside session_call() and session_drop().
	 * @answer is valid until the session is called from in here.
	 */
	void (*done)(void *userdata, const struct message *answer,
		     const struct failure *failure);
};

struct session_events {
	/* The state has changed; @text says why, may be NULL. For logs. */
	void (*changed)(void *userdata, enum session_state state,
			const char *text);
};

struct session_counts {
	uint64_t dropped_frames; /* wrong nonce, not asked for, late */
	uint64_t faults;
	uint64_t sessions;
};

struct session;

/* @path: of the agent's socket; @guest: its name, for messages, borrowed. */
int session_new(sd_event *event, const char *path, const char *guest,
		const struct session_events *events, void *userdata,
		struct session **ret_session);
void session_free(struct session *session);

/**
 * session_call() - have the agent do something
 * @message: one of STATE_GET, PLAN, REQUEST, TOUCH, HOLD, RELEASE, LIST,
 *	MAP_GET; copied.
 * @timeout_ns: for the answer; when it is over the call is cancelled.
 *
 * Return: 0, and calls->done() follows; or a negative errno with @ret_failure.
 */
int session_call(struct session *session, const struct message *message,
		 uint64_t timeout_ns, const struct session_calls *calls,
		 void *userdata, struct failure *ret_failure);

/*
 * The running call shall end soon; done() comes all the same, from inside
 * when the call was not sent yet.
 */
void session_cancel(struct session *session);

/*
 * Nobody waits for the running call any more, or what it made is not wanted:
 * begins a new session, by which the agent releases what is not kept.
 */
void session_drop(struct session *session);

/*
 * What the guest said was a lie, in words of @format: it is faulty, as
 * @ret_failure says. done() isn't called.
 */
void session_fault(struct session *session, struct failure *ret_failure,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum session_state session_state(const struct session *session);
const char *session_state_name(enum session_state state);
/* Of the current session, or NULL. */
const struct message_hello_reply *session_hello(const struct session *session);
const struct session_counts *session_counts(const struct session *session);
const struct frame_stats *session_frame_stats(const struct session *session);

#endif
