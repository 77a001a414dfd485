// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/session.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hv/link.h"
#include "hv/retry.h"
#include "hv/session_answer.h"
#include "hv/session_failure.h"

struct call {
	bool pending; /* done() is owed */
	const struct session_calls *calls;
	void *userdata;
	uint64_t timeout_ns;
	uint64_t deadline_ns; /* from when it was sent; 0: not sent yet */
	uint32_t request;
	uint64_t heard_ns; /* last sign of life */
	uint64_t parts; /* of the answer, until now */
	enum message_type message_type;
	/* Until it is sent. */
	struct message *message;
};

struct session {
	sd_event *event;
	const char *guest;
	const char *path;
	const struct session_events *events;
	void *userdata;
	struct link *link;
	enum session_state state;
	sd_event_source *timer;
	uint64_t state_deadline_ns; /* 0: none */
	uint64_t ping_ns; /* when to ask for a sign of life; 0: not */
	uint64_t nonce;
	uint32_t last_request;
	uint32_t ping_request; /* a ping not answered yet; 0: none */
	bool have_hello;
	struct message_hello_reply hello;
	uint64_t heard_ns; /* last frame of this session */
	struct retry hello_retry;
	uint64_t faulty_ns; /* length of the last back-off */
	uint64_t faulted_ns; /* when that began */
	struct call call;
	struct session_counts counts;
	/* What the frame being looked at says; too large for a stack. */
	struct message message;
	uint8_t frame[FRAME_MAX_BYTES];
};

static const char *const state_names[] = {
	[SESSION_DOWN] = "down",
	[SESSION_HELLO] = "hello",
	[SESSION_SILENT] = "silent",
	[SESSION_READY] = "ready",
	[SESSION_CHECKING] = "checking",
	[SESSION_SETTLING] = "settling",
	[SESSION_BUSY] = "busy",
	[SESSION_CANCELLING] = "cancelling",
	[SESSION_VERSION] = "version",
	[SESSION_FAULTY] = "faulty",
};

static_assert(sizeof(state_names) / sizeof(state_names[0]) ==
		      SESSION_NR_STATES,
	      "each state has a name");

const char *session_state_name(enum session_state state)
{
	return state_names[state];
}

static void arm_timer(struct session *session)
{
	uint64_t at_ns = session->state_deadline_ns;

	if (session->ping_ns != 0 && (at_ns == 0 || session->ping_ns < at_ns))
		at_ns = session->ping_ns;
	if (session->call.deadline_ns != 0 &&
	    (at_ns == 0 || session->call.deadline_ns < at_ns))
		at_ns = session->call.deadline_ns;
	if (at_ns == 0) {
		sd_event_source_set_enabled(session->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(session->timer, at_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(session->timer, SD_EVENT_ONESHOT);
}

static void set_state(struct session *session, enum session_state state,
		      uint64_t duration_ns, const char *text)
{
	session->state = state;
	session->ping_ns = 0;
	session->state_deadline_ns =
		duration_ns == 0 ? 0 : clock_now_ns() + duration_ns;
	arm_timer(session);
	session->events->changed(session->userdata, state, text);
}

/* Frees the call, and tells who waits. The state must be right already. */
static void end_call(struct session *session, const struct message *answer,
		     const struct failure *failure)
{
	struct call call = session->call;

	free(call.message);
	session->call = (struct call){ 0 };
	arm_timer(session);
	if (call.pending)
		call.calls->done(call.userdata, answer, failure);
}

static int send_message(struct session *session, const struct message *message,
			uint32_t request)
{
	size_t bytes;
	int r;

	r = message_encode(message, request, session->nonce, session->frame,
			   sizeof(session->frame), &bytes);
	if (r < 0)
		return r;
	return link_send(session->link, session->frame, bytes);
}

static int send_small(struct session *session, enum message_type type,
		      uint32_t request)
{
	struct message *message = &session->message;

	memset(message, 0, sizeof(*message));
	message->type = type;
	if (type == MESSAGE_HELLO) {
		message->hello.version_min = FRAME_VERSION;
		message->hello.version_max = FRAME_VERSION;
		message->hello.features = SESSION_FEATURES;
	} else if (type == MESSAGE_STATE_GET) {
		message->state_get.nid = MESSAGE_ANY_NODE;
	}
	return send_message(session, message, request);
}

static void begin_session(struct session *session)
{
	session->have_hello = false;
	session->last_request = 0;
	session->ping_request = 0;
	do {
		/* Can't fail once the kernel has seeded its generator. */
		if (getrandom(&session->nonce, sizeof(session->nonce), 0) < 0)
			session->nonce = clock_now_ns();
	} while (session->nonce == 0);
	link_resync(session->link);
	/*
	 * A HELLO that still waits to be taken says that no one takes any:
	 * more of them would only fill the socket.
	 */
	if (link_sent(session->link))
		send_small(session, MESSAGE_HELLO, 0);
	set_state(session, SESSION_HELLO, SESSION_HELLO_NS, NULL);
}

/* Does the agent live? */
static void check(struct session *session)
{
	if (link_sent(session->link))
		send_small(session, MESSAGE_HELLO, 0);
	set_state(session, SESSION_CHECKING, SESSION_HELLO_NS, NULL);
}

static void begin_silence(struct session *session, enum session_state state,
			  const char *text)
{
	set_state(session, state, retry_next_ns(&session->hello_retry), text);
}

/*
 * A call that ends well does not shorten the next back-off: a guest may answer
 * each question and lie in each answer.
 */
static void become_faulty(struct session *session, const char *text,
			  struct failure *ret_failure)
{
	uint64_t now_ns = clock_now_ns();

	session->counts.faults++;
	if (session->faulty_ns == 0 ||
	    now_ns - session->faulted_ns >= SESSION_FAULTY_FORGET_NS)
		session->faulty_ns = SESSION_FAULTY_FIRST_NS;
	else if (session->faulty_ns < SESSION_FAULTY_LAST_NS)
		session->faulty_ns *= 2;
	session->faulted_ns = now_ns;
	session->have_hello = false;
	/* A closed port makes the agent give back what was not kept. */
	link_drop(session->link, session->faulty_ns);
	session_failure_fault(session->guest, text, ret_failure);
	set_state(session, SESSION_FAULTY, 0, text);
}

static void fail_faulty(struct session *session, const char *text)
{
	struct failure failure;

	become_faulty(session, text, &failure);
	end_call(session, NULL, &failure);
}

static void fail_unreachable(struct session *session, const char *why)
{
	struct failure failure;

	session_failure_unreachable(session->guest, session->path, why,
				    &failure);
	end_call(session, NULL, &failure);
}

static bool has_feature(const struct session *session, uint64_t feature)
{
	return (session->hello.features & SESSION_FEATURES & feature) != 0;
}

/* Does the message need a feature that the agent lacks? */
static bool agent_lacks(const struct session *session,
			const struct message *message)
{
	return (message->type == MESSAGE_REQUEST ||
		message->type == MESSAGE_PLAN) &&
	       (message->request.flags & MESSAGE_REQUEST_RECLAIM) != 0 &&
	       !has_feature(session, MESSAGE_FEATURE_RECLAIM);
}

static void send_call(struct session *session)
{
	struct call *call = &session->call;
	uint64_t now_ns = clock_now_ns();
	struct failure failure;
	int r;

	if (agent_lacks(session, call->message)) {
		session_failure_no_reclaim(
			session->guest, session->hello.agent_version, &failure);
		set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
		end_call(session, NULL, &failure);
		return;
	}
	call->request = ++session->last_request;
	call->deadline_ns = now_ns + call->timeout_ns;
	call->heard_ns = now_ns;
	r = send_message(session, call->message, call->request);
	free(call->message);
	call->message = NULL;
	if (r < 0) {
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: a message can't be sent: %s",
			    session->guest, strerror(-r));
		set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
		end_call(session, NULL, &failure);
		return;
	}
	set_state(session, SESSION_BUSY, 0, NULL);
	session->ping_ns = now_ns + SESSION_PING_NS;
	arm_timer(session);
}

static void fail_no_kernel(struct session *session)
{
	struct failure failure;
	int error = (int)session->hello.kernel_errno;

	session_failure_no_kernel(session->guest,
				  error > 0 ? strerror(error) :
					      "unknown reason",
				  &failure);
	end_call(session, NULL, &failure);
}

static enum link_use take_hello_reply(struct session *session)
{
	const struct message_hello_reply *hello =
		&session->message.hello_reply;

	if (hello->version != FRAME_VERSION) {
		fail_faulty(session, "it chose a version not offered");
		return LINK_USELESS;
	}
	session->hello = *hello;
	session->have_hello = true;
	retry_reset(&session->hello_retry);
	if (session->state == SESSION_HELLO)
		session->counts.sessions++;
	set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
	if (!session->call.pending)
		return LINK_USEFUL;
	if (hello->kernel_api == 0)
		fail_no_kernel(session);
	else if (session->ping_request != 0)
		set_state(session, SESSION_SETTLING, SESSION_DEAD_NS, NULL);
	else
		send_call(session);
	return LINK_USEFUL;
}

static enum link_use take_version_error(struct session *session)
{
	struct failure failure;
	char text[MESSAGE_MAX_TEXT_BYTES + 64];

	snprintf(text, sizeof(text), "it speaks another protocol version: %s",
		 session->message.error.text);
	session_failure_version(session->guest, text, &failure);
	begin_silence(session, SESSION_VERSION, text);
	end_call(session, NULL, &failure);
	return LINK_USEFUL;
}

static void fail_agent_error(struct session *session)
{
	struct failure failure;

	session_failure_error(session->guest, &session->message.error,
			      &failure);
	set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
	end_call(session, NULL, &failure);
}

/* A sign of life, whatever it says; it counts once. */
static void take_ping_answer(struct session *session)
{
	session->ping_request = 0;
	session->call.heard_ns = clock_now_ns();
	if (session->state == SESSION_SETTLING && session->call.pending)
		send_call(session);
	else if (session->state == SESSION_SETTLING)
		set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
}

static enum link_use take_call_frame(struct session *session,
				     const struct frame *frame)
{
	struct call *call = &session->call;
	struct message *message = &session->message;
	const char *fault;
	int r;

	/* A call that was not sent yet has no number and gets no answers. */
	if (!call->pending || call->request == 0 ||
	    frame->request != call->request)
		goto drop;
	r = message_decode(frame->type, frame->payload, frame->payload_bytes,
			   message);
	if (r < 0) {
		fail_faulty(session, r == -ENOTSUP ?
					     "a message of unknown type" :
					     "a message that does not decode");
		return LINK_USELESS;
	}
	call->heard_ns = clock_now_ns();
	if (message->type == MESSAGE_ERROR) {
		fail_agent_error(session);
		return LINK_USEFUL;
	}
	switch (session_answer_kind(call->message_type, message->type)) {
	case SESSION_ANSWER_LAST:
		set_state(session, SESSION_READY, SESSION_LOOK_NS, NULL);
		end_call(session, message, NULL);
		return LINK_USEFUL;
	case SESSION_ANSWER_PART:
		break;
	case SESSION_ANSWER_WRONG:
		fail_faulty(session, "an answer to another question");
		return LINK_USELESS;
	}
	if (++call->parts > session_answer_max_parts(call->timeout_ns +
						     SESSION_CANCEL_NS)) {
		fail_faulty(session, "more messages than a request can need");
		return LINK_USELESS;
	}
	if (message->type == MESSAGE_DETAILS &&
	    !has_feature(session, MESSAGE_FEATURE_DETAILS)) {
		fail_faulty(session, "details, which it said it does not have");
		return LINK_USELESS;
	}
	fault = call->calls->message(call->userdata, message);
	if (fault != NULL) {
		fail_faulty(session, fault);
		return LINK_USELESS;
	}
	return LINK_USEFUL;

drop:
	session->counts.dropped_frames++;
	return LINK_USELESS;
}

static enum link_use on_frame(void *userdata, const struct frame *frame)
{
	struct session *session = userdata;
	bool hello = session->state == SESSION_HELLO ||
		     session->state == SESSION_CHECKING ||
		     session->state == SESSION_SILENT ||
		     session->state == SESSION_VERSION;

	/*
	 * An agent of another version answers in frames of that version; their
	 * header is the same, and only ERROR VERSION is looked for in them.
	 */
	if (frame->session != session->nonce ||
	    (frame->version != FRAME_VERSION &&
	     !(hello && frame->type == MESSAGE_ERROR)))
		goto drop;
	session->heard_ns = clock_now_ns();
	if (frame->request != 0 && frame->request == session->ping_request) {
		take_ping_answer(session);
		return LINK_USEFUL;
	}
	if (!hello)
		return take_call_frame(session, frame);
	if (message_decode(frame->type, frame->payload, frame->payload_bytes,
			   &session->message) < 0) {
		fail_faulty(session, "an answer to HELLO that does not decode");
		return LINK_USELESS;
	}
	if (session->message.type == MESSAGE_HELLO_REPLY)
		return take_hello_reply(session);
	/* Once for each HELLO: more of them are a stream without an answer. */
	if (session->message.type == MESSAGE_ERROR &&
	    session->message.error.code == MESSAGE_ERROR_VERSION &&
	    session->state != SESSION_VERSION)
		return take_version_error(session);
drop:
	session->counts.dropped_frames++;
	return LINK_USELESS;
}

static void on_up(void *userdata)
{
	struct session *session = userdata;

	begin_session(session);
}

static void on_down(void *userdata, int error)
{
	struct session *session = userdata;

	session->have_hello = false;
	if (error == -ENOBUFS) {
		fail_faulty(session, "an endless stream without an answer");
		return;
	}
	set_state(session, SESSION_DOWN, 0, strerror(-error));
	fail_unreachable(session, strerror(-error));
}

static const struct link_events link_events = {
	.up = on_up,
	.down = on_down,
	.frame = on_frame,
};

static void cancel_call(struct session *session)
{
	session->call.deadline_ns = 0;
	send_small(session, MESSAGE_CANCEL, session->call.request);
	set_state(session, SESSION_CANCELLING, SESSION_CANCEL_NS, NULL);
}

/*
 * STATE_GET, and not HELLO: an agent that was started again takes a HELLO of
 * any session for its own, though it knows nothing of the call. As long as the
 * call runs, the answer is ERROR BUSY. But the ping may also meet an agent that
 * has just ended the call, which then works on the ping: see SETTLING.
 */
static void ping(struct session *session)
{
	uint32_t request = session->last_request + 1;

	if (session->ping_request != 0 || !link_sent(session->link) ||
	    send_small(session, MESSAGE_STATE_GET, request) < 0)
		return;
	session->last_request = request;
	session->ping_request = request;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session *session = userdata;
	struct call *call = &session->call;
	uint64_t now_ns = clock_now_ns();

	(void)source;
	(void)usec;
	switch (session->state) {
	case SESSION_HELLO:
		if (now_ns < session->state_deadline_ns)
			break;
		begin_silence(session, SESSION_SILENT, "no answer to HELLO");
		fail_unreachable(session, "no answer to HELLO");
		break;
	case SESSION_CHECKING:
	case SESSION_SETTLING:
		if (now_ns < session->state_deadline_ns)
			break;
		/* The guest may have booted again: begin anew, once. */
		begin_session(session);
		break;
	case SESSION_SILENT:
	case SESSION_VERSION:
		if (now_ns >= session->state_deadline_ns)
			begin_session(session);
		break;
	case SESSION_BUSY:
		if (now_ns - call->heard_ns >= SESSION_DEAD_NS) {
			begin_session(session);
			fail_unreachable(session, "it died in the middle");
			break;
		}
		if (call->deadline_ns != 0 && now_ns >= call->deadline_ns) {
			cancel_call(session);
			break;
		}
		if (now_ns >= session->ping_ns) {
			ping(session);
			session->ping_ns = now_ns + SESSION_PING_NS;
		}
		break;
	case SESSION_CANCELLING:
		if (now_ns < session->state_deadline_ns)
			break;
		begin_session(session);
		fail_unreachable(session, "it does not end what it was told "
					  "to cancel");
		break;
	case SESSION_READY:
		session->ping_ns = 0;
		if (call->message != NULL)
			send_call(session);
		else if (now_ns >= session->state_deadline_ns)
			check(session);
		break;
	case SESSION_DOWN:
	case SESSION_FAULTY:
	case SESSION_NR_STATES:
		break;
	}
	arm_timer(session);
	return 0;
}

int session_new(sd_event *event, const char *path, const char *guest,
		const struct session_events *events, void *userdata,
		struct session **ret_session)
{
	struct session *session;
	int r;

	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return -ENOMEM;
	session->event = event;
	session->guest = guest;
	session->path = path;
	session->events = events;
	session->userdata = userdata;
	r = sd_event_add_time(event, &session->timer, CLOCK_MONOTONIC, 0, 1000,
			      on_timer, session);
	if (r < 0)
		goto free_session;
	sd_event_source_set_enabled(session->timer, SD_EVENT_OFF);
	r = link_new(event, path, &link_events, session, &session->link);
	if (r < 0)
		goto free_timer;
	*ret_session = session;
	return 0;

free_timer:
	sd_event_source_disable_unref(session->timer);
free_session:
	free(session);
	return r;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	link_free(session->link);
	sd_event_source_disable_unref(session->timer);
	free(session->call.message);
	free(session);
}

int session_call(struct session *session, const struct message *message,
		 uint64_t timeout_ns, const struct session_calls *calls,
		 void *userdata, struct failure *ret_failure)
{
	struct call *call = &session->call;

	if (session->state == SESSION_FAULTY) {
		session_failure_faulty(session->guest, session->faulty_ns,
				       ret_failure);
		return -EHOSTDOWN;
	}
	if (call->pending || session->state == SESSION_BUSY ||
	    session->state == SESSION_CANCELLING) {
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: another request is running; wait for "
			    "its end or interrupt it",
			    session->guest);
		return -EBUSY;
	}
	*call = (struct call){
		.pending = true,
		.calls = calls,
		.userdata = userdata,
		.timeout_ns = timeout_ns,
		.message_type = message->type,
	};
	call->message = malloc(sizeof(*message));
	if (call->message == NULL) {
		*call = (struct call){ 0 };
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: out of memory", session->guest);
		return -ENOMEM;
	}
	*call->message = *message;
	switch (session->state) {
	case SESSION_DOWN:
		link_hurry(session->link);
		break;
	case SESSION_SILENT:
	case SESSION_VERSION:
		begin_session(session);
		break;
	case SESSION_READY:
		if (session->hello.kernel_api == 0) {
			/* With a new session the agent looks again. */
			begin_session(session);
		} else if (session->ping_request != 0) {
			set_state(session, SESSION_SETTLING, SESSION_DEAD_NS,
				  NULL);
		} else if (clock_now_ns() - session->heard_ns >
			   SESSION_PING_NS) {
			check(session);
		} else {
			session->ping_ns = 1; /* on_timer() sends it */
			arm_timer(session);
		}
		break;
	default: /* HELLO, CHECKING, SETTLING: its answer sends the call */
		break;
	}
	return 0;
}

void session_cancel(struct session *session)
{
	struct failure failure;

	if (session->state == SESSION_BUSY) {
		cancel_call(session);
	} else if (session->call.message != NULL) {
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: interrupted before its agent was asked",
			    session->guest);
		end_call(session, NULL, &failure);
	}
}

void session_drop(struct session *session)
{
	session->call.pending = false;
	end_call(session, NULL, NULL);
	switch (session->state) {
	case SESSION_READY:
	case SESSION_CHECKING:
	case SESSION_SETTLING:
	case SESSION_BUSY:
	case SESSION_CANCELLING:
		begin_session(session);
		break;
	default:
		break;
	}
}

void session_fault(struct session *session, struct failure *ret_failure,
		   const char *format, ...)
{
	char text[SESSION_FAULT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	session->call.pending = false;
	end_call(session, NULL, NULL);
	become_faulty(session, text, ret_failure);
}

enum session_state session_state(const struct session *session)
{
	return session->state;
}

const struct message_hello_reply *session_hello(const struct session *session)
{
	return session->have_hello ? &session->hello : NULL;
}

const struct session_counts *session_counts(const struct session *session)
{
	return &session->counts;
}

const struct frame_stats *session_frame_stats(const struct session *session)
{
	return link_stats(session->link);
}
