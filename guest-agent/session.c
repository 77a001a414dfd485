// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Theory of operation
 *
 * Every way out of a session leads through SESSION_CLEANING, in which the
 * running job is cancelled and awaited and then all regions that aren't kept
 * are released by a job of their own. A new HELLO waits there for its answer,
 * so that a host that has got its HELLO_REPLY never meets what its predecessor
 * left.
 *
 * Nothing here allocates, except the regions of a job, of which there is one.
 * The answer of a large request is longer than the output queue: its REGIONS
 * frames are written as room appears, and until the last is, the session is
 * busy. What doesn't fit otherwise: PROGRESS is dropped; any other message
 * means that the host has left a quarter of a megabyte unread and goes on
 * asking, which ends the session.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest-agent/log.h"
#include "guest-agent/options.h"
#include "guest-agent/session.h"

static const char *const state_names[] = {
	[SESSION_NONE] = "none",
	[SESSION_READY] = "ready",
	[SESSION_WORKING] = "working",
	[SESSION_ANSWERING] = "answering",
	[SESSION_CLEANING] = "cleaning",
};

_Static_assert(sizeof(state_names) / sizeof(state_names[0]) ==
		       SESSION_NR_STATES,
	       "a name for each state");

const char *session_state_name(enum session_state state)
{
	return state < SESSION_NR_STATES ? state_names[state] : "unknown";
}

void session_init(struct session *session, struct worker *worker,
		  struct device *device, const char *device_path,
		  uint64_t boot)
{
	memset(session, 0, sizeof(*session));
	session->state = SESSION_NONE;
	session->worker = worker;
	session->device = device;
	session->device_path = device_path;
	session->boot = boot;
	frame_decoder_init(&session->decoder);
	outq_clear(&session->out);
}

/* ----- ending ------------------------------------------------------------ */

static void log_drops(const struct session *session)
{
	const struct frame_stats *before = &session->stats_before;
	const struct frame_stats *now = &session->decoder.stats;
	const struct session_drops *drops = &session->drops;

	if (now->garbage_bytes == before->garbage_bytes &&
	    !drops->other_nonce && !drops->old_request && !drops->no_room)
		return;
	log_line(LOG_LEVEL_WARNING,
		 "port: dropped %llu bytes of garbage, %llu frames of other sessions, %llu repeated requests, %llu progress reports",
		 (unsigned long long)(now->garbage_bytes -
				      before->garbage_bytes),
		 (unsigned long long)drops->other_nonce,
		 (unsigned long long)drops->old_request,
		 (unsigned long long)drops->no_room);
}

/* The worker is free, nothing of a former session is left. */
static void cleaned(struct session *session);

static void submit(struct session *session, enum job_kind kind)
{
	session->job.kind = kind;
	session->cancelling = false;
	worker_submit(session->worker, &session->job);
}

static void clean(struct session *session)
{
	session->state = SESSION_CLEANING;
	if (session->device->fd < 0)
		cleaned(session); /* nothing can be held */
	else
		submit(session, JOB_CLEAN);
}

static void end(struct session *session, const char *why)
{
	enum session_state was = session->state;

	if (session->nonce) {
		log_line(LOG_LEVEL_INFO, "session ended: %s%s", why,
			 was == SESSION_WORKING ?
				 "; cancelling its request" : "");
		log_drops(session);
	}
	session->nonce = 0;
	outq_cut(&session->out);
	switch (was) {
	case SESSION_NONE:
	case SESSION_CLEANING:
		break;
	case SESSION_WORKING:
		session->state = SESSION_CLEANING;
		session->cancelling = true;
		worker_cancel(session->worker);
		break;
	default:
		job_free(&session->job);
		clean(session);
	}
}

void session_hangup(struct session *session)
{
	session->hello.waits = false;
	session->port_open = false;
	session->port_unsure = false;
	end(session, "the host closed the port");
	/* What comes next is from somebody else, and so is who reads it. */
	frame_decoder_reset(&session->decoder);
	outq_clear(&session->out);
}

void session_drained(struct session *session)
{
	session->port_open = true;
	session->port_unsure = false;
}

static bool is_alive(const struct session *session)
{
	return session->nonce || session->hello.waits;
}

/*
 * Bytes and the news that the host's end was opened come to the guest's kernel
 * on different queues, and the bytes may be first: a new host's HELLO is read
 * from a port that is closed still. To end the session then would leave that
 * host without an answer. So when bytes came since the port was last looked
 * at, closed means only that it isn't known; if it stays so, session_tick()
 * ends the session.
 */
void session_closed(struct session *session)
{
	if (session->port_open && !session->port_unsure) {
		session_hangup(session);
		return;
	}
	session->port_open = false;
	if (session->port_unsure)
		session->closed_ticks = 0;
	session->port_unsure = false;
}

/* ----- sending ----------------------------------------------------------- */

/* Return: 0; -EMSGSIZE: no room; -EINVAL: out of the protocol's bounds. */
static int put(struct session *session, const struct message *message,
		uint32_t request, uint64_t nonce)
{
	size_t space, bytes;
	uint8_t *at = outq_space(&session->out, &space);
	int err;

	err = message_encode(message, request, nonce, at, space, &bytes);
	if (!err)
		outq_put(&session->out, bytes);
	return err;
}

static void must_send(struct session *session, const struct message *message,
		      uint32_t request, uint64_t nonce)
{
	/* Not in this session's terms: the answers to nobody in particular. */
	if (put(session, message, request, nonce) == -EMSGSIZE)
		end(session, "the host does not read its answers");
}

static bool is_roomy(const struct session *session)
{
	size_t waiting;

	outq_data(&session->out, &waiting);
	return waiting <= OUTQ_ROOMY_BYTES;
}

#define refuse(session, frame, code, ...)                                     \
	do {                                                                  \
		job_error(&(session)->reply, code, __VA_ARGS__);              \
		must_send(session, &(session)->reply, (frame)->request,       \
			  (frame)->session);                                  \
	} while (0)

/* Whether both sides have it. */
static bool has_feature(const struct session *session, uint64_t feature)
{
	return session->hello.features & SESSION_FEATURES & feature;
}

/* ----- HELLO ------------------------------------------------------------- */

int session_open_device(struct session *session)
{
	int err;

	err = device_open(session->device, session->device_path);
	if (err != session->device_errno || !err) {
		if (!err)
			log_line(LOG_LEVEL_INFO,
				 "%s: kernel interface %u, orders %u to %u",
				 session->device_path, session->device->api,
				 session->device->min_order,
				 session->device->max_order);
		else if (err == -EPROTONOSUPPORT)
			log_line(LOG_LEVEL_ERROR,
				 "%s: its interface is of another version: install the agent and the kernel from one release",
				 session->device_path);
		else
			log_line(LOG_LEVEL_ERROR,
				 "%s: %s: every request will be refused until a kernel with mm/coalesce runs",
				 session->device_path, strerror(-err));
	}
	session->device_errno = err;
	return err;
}

static void send_hello_reply(struct session *session)
{
	const struct device *device = session->device;
	struct message *reply = &session->reply;

	reply->type = MESSAGE_HELLO_REPLY;
	reply->hello_reply = (struct message_hello_reply){
		.version = session->hello.version,
		.features = session->hello.features & SESSION_FEATURES,
		.boot = session->boot,
		.agent_version = "contig-agent " OPTIONS_VERSION,
	};
	if (device->fd >= 0) {
		reply->hello_reply.kernel_api = device->api;
		reply->hello_reply.strategies = device->strategies;
		reply->hello_reply.min_order = device->min_order;
		reply->hello_reply.max_order = device->max_order;
	} else {
		reply->hello_reply.kernel_errno =
			(uint32_t)-session->device_errno;
	}
	must_send(session, reply, session->hello.request,
		  session->hello.nonce);
}

static void cleaned(struct session *session)
{
	session->state = SESSION_NONE;
	if (!session->hello.waits)
		return;
	session->hello.waits = false;
	if (session->device->fd < 0)
		session_open_device(session);
	session->state = SESSION_READY;
	session->nonce = session->hello.nonce;
	session->last_request = 0;
	session->drops = (struct session_drops){ 0 };
	session->stats_before = session->decoder.stats;
	log_line(LOG_LEVEL_INFO,
		 "session began: protocol version %u, %u regions kept",
		 session->hello.version, session->job.nr_kept);
	send_hello_reply(session);
}

static void take_hello(struct session *session, const struct frame *frame)
{
	const struct message_hello *hello = &session->in.hello;
	uint16_t version;

	if (!frame->session) {
		session->drops.other_nonce++;
		return;
	}
	if (message_decode(frame->type, frame->payload, frame->payload_bytes,
			   &session->in)) {
		refuse(session, frame, MESSAGE_ERROR_BAD_MESSAGE,
		       "HELLO: too short, or a field is out of bounds");
		return;
	}
	if (frame->session == session->nonce) {
		session->hello.request = frame->request;
		send_hello_reply(session);
		return;
	}
	end(session, "the host began a new one");
	session->hello.waits = false;
	version = hello->version_max < FRAME_VERSION ? hello->version_max :
						       FRAME_VERSION;
	if (version < hello->version_min) {
		log_line(LOG_LEVEL_ERROR,
			 "HELLO: the host speaks protocol versions %u to %u, this agent 1 to %u: install both from one release",
			 hello->version_min, hello->version_max, FRAME_VERSION);
		refuse(session, frame, MESSAGE_ERROR_VERSION,
		       "this agent speaks protocol versions 1 to %u",
		       FRAME_VERSION);
		return;
	}
	session->hello = (struct session_hello){
		.waits = true,
		.nonce = frame->session,
		.request = frame->request,
		.version_min = hello->version_min,
		.version_max = hello->version_max,
		.version = version,
		.features = hello->features,
	};
	/* Also without a session before it: what is held may be another's. */
	if (session->state == SESSION_NONE)
		clean(session);
}

/* ----- requests ---------------------------------------------------------- */

/* Says what the kernel can't do in better words than its EINVAL. */
static bool kernel_can(struct session *session, const struct frame *frame)
{
	const struct message_request *request = &session->in.request;
	const struct device *device = session->device;

	if (request->order < device->min_order ||
	    request->order > device->max_order) {
		refuse(session, frame, MESSAGE_ERROR_KERNEL,
		       "order %u: this guest's kernel makes regions of order %u to %u",
		       request->order, device->min_order, device->max_order);
		return false;
	}
	if (!(device->strategies & 1u << request->strategy)) {
		refuse(session, frame, MESSAGE_ERROR_KERNEL,
		       "strategy %u: this guest's kernel does not have it",
		       request->strategy);
		return false;
	}
	if (request->flags & MESSAGE_REQUEST_SYNC && !device->has_sync) {
		refuse(session, frame, MESSAGE_ERROR_KERNEL,
		       "sync: this guest's kernel can't wait for busy pages");
		return false;
	}
	if (request->flags & MESSAGE_REQUEST_RECLAIM && !device->has_reclaim) {
		refuse(session, frame, MESSAGE_ERROR_KERNEL,
		       "reclaim: this guest's kernel can't drop page cache");
		return false;
	}
	return true;
}

/* Flags of a feature that the host has not offered. */
static bool has_foreign_flags(const struct session *session,
			      const struct frame *frame)
{
	return (frame->type == MESSAGE_REQUEST ||
		frame->type == MESSAGE_PLAN) &&
	       session->in.request.flags & MESSAGE_REQUEST_RECLAIM &&
	       !has_feature(session, MESSAGE_FEATURE_RECLAIM);
}

static void take_request(struct session *session, const struct frame *frame)
{
	int err;

	if (!frame->request || frame->request <= session->last_request) {
		session->drops.old_request++;
		return;
	}
	session->last_request = frame->request;
	err = message_decode(frame->type, frame->payload, frame->payload_bytes,
			     &session->in);
	if (err == -ENOTSUP || frame->type >= MESSAGE_HELLO_REPLY) {
		refuse(session, frame, MESSAGE_ERROR_UNKNOWN_TYPE,
		       "type %u: this agent does not take it", frame->type);
		return;
	}
	if (session->state != SESSION_READY) {
		refuse(session, frame, MESSAGE_ERROR_BUSY,
		       "request %u is being worked on", session->running);
		return;
	}
	if (err || has_foreign_flags(session, frame)) {
		refuse(session, frame, MESSAGE_ERROR_BAD_MESSAGE,
		       "%s: too short, or a field is out of bounds",
		       message_type_name(frame->type));
		return;
	}
	if (session->device->fd < 0 && session_open_device(session)) {
		refuse(session, frame, MESSAGE_ERROR_NO_KERNEL, "%s: %s",
		       session->device_path, strerror(-session->device_errno));
		return;
	}
	if ((frame->type == MESSAGE_REQUEST || frame->type == MESSAGE_PLAN) &&
	    !kernel_can(session, frame)) {
		log_line(LOG_LEVEL_WARNING, "request %u refused: %s",
			 frame->request, session->reply.error.text);
		return;
	}
	session->job.ask = session->in;
	session->running = frame->request;
	session->asked = frame->type == MESSAGE_REQUEST ?
				 session->in.request.count :
				 0;
	session->progress = (struct message_progress){ 0 };
	session->state = SESSION_WORKING;
	submit(session, JOB_ASK);
}

static void take_cancel(struct session *session, const struct frame *frame)
{
	if (session->state != SESSION_WORKING ||
	    frame->request != session->running)
		return;
	session->cancelling = true;
	worker_cancel(session->worker);
}

static void take_frame(struct session *session, const struct frame *frame)
{
	if (frame->version != FRAME_VERSION) {
		if (frame->session)
			refuse(session, frame, MESSAGE_ERROR_VERSION,
			       "this agent speaks protocol versions 1 to %u",
			       FRAME_VERSION);
		return;
	}
	if (frame->type == MESSAGE_HELLO) {
		take_hello(session, frame);
		return;
	}
	if (!session->nonce || frame->session != session->nonce) {
		session->drops.other_nonce++;
		return;
	}
	if (frame->type == MESSAGE_CANCEL)
		take_cancel(session, frame);
	else
		take_request(session, frame);
}

static void take_frames(struct session *session)
{
	struct frame frame;

	session->stalled_ticks = 0;
	while (frame_decoder_next(&session->decoder, &frame))
		take_frame(session, &frame);
}

void session_input(struct session *session)
{
	session->port_unsure = true;
	take_frames(session);
}

/* ----- answers ----------------------------------------------------------- */

static void log_answer(const struct session *session)
{
	const struct message_request *ask = &session->job.ask.request;
	const struct message *reply = &session->job.reply;
	const struct message_answer *answer = &reply->answer;
	char why[200] = "";
	char dropped[64] = "";
	size_t at = 0;

	if (reply->type == MESSAGE_ERROR) {
		log_line(LOG_LEVEL_WARNING, "request %u not done: %s",
			 session->running, reply->error.text);
		return;
	}
	if (session->job.ask.type != MESSAGE_REQUEST)
		return;
	for (uint32_t i = 0; i < answer->nr_shortfall; i++) {
		int size = snprintf(
			why + at, sizeof(why) - at, "%s %s %u",
			at ? "," : "; not made:",
			message_reason_name(answer->shortfall[i].reason),
			answer->shortfall[i].regions);

		if (size < 0 || (size_t)size >= sizeof(why) - at)
			break;
		at += (size_t)size;
	}
	if (session->job.details.pages_reclaimed)
		snprintf(dropped, sizeof(dropped),
			 "%llu pages of page cache dropped, ",
			 (unsigned long long)
				 session->job.details.pages_reclaimed);
	log_line(
		LOG_LEVEL_INFO,
		"request %u: %u of %u regions of order %u made, %llu of %llu pages moved, %s%llu ms%s",
		session->running, answer->made, answer->requested, ask->order,
		(unsigned long long)answer->moves_done,
		(unsigned long long)answer->moves_tried, dropped,
		(unsigned long long)(answer->guest_ns / 1000000), why);
}

static bool next_regions(struct session *session)
{
	struct message *message = &session->reply;
	struct message_regions *regions = &message->regions;
	uint32_t left = session->job.nr_regions - session->regions_sent;

	message->type = MESSAGE_REGIONS;
	regions->total = session->job.nr_regions;
	regions->first = session->regions_sent;
	regions->count = left < MESSAGE_MAX_REGIONS ? left :
						      MESSAGE_MAX_REGIONS;
	memcpy(regions->regions,
	       session->job.regions + session->regions_sent,
	       regions->count * sizeof(regions->regions[0]));
	if (put(session, message, session->running, session->nonce))
		return false;
	session->regions_sent += regions->count;
	return true;
}

static bool has_details(const struct session *session)
{
	const struct message_details *details = &session->job.details;

	return (details->count || details->pages_reclaimed) &&
	       has_feature(session, MESSAGE_FEATURE_DETAILS);
}

static void send_details(struct session *session)
{
	struct message_details *details = &session->job.details;

	session->reply.type = MESSAGE_DETAILS;
	session->reply.details = *details;
	if (put(session, &session->reply, session->running, session->nonce))
		log_line(LOG_LEVEL_ERROR,
			 "request %u: the kernel's details are out of bounds",
			 session->running);
	/* They are sent once. */
	*details = (struct message_details){ 0 };
}

/* Goes on with the answer as far as there is room for it. */
static void go_on_answering(struct session *session)
{
	int err;

	while (session->regions_sent < session->job.nr_regions) {
		if (!is_roomy(session))
			return;
		if (next_regions(session))
			continue;
		job_error(&session->job.reply, MESSAGE_ERROR_KERNEL,
			  "the kernel named a region that is out of bounds");
		break;
	}
	if (!is_roomy(session))
		return;
	if (has_details(session) && session->job.reply.type == MESSAGE_ANSWER)
		send_details(session);
	if (!is_roomy(session))
		return;
	err = put(session, &session->job.reply, session->running,
		  session->nonce);
	if (err) {
		job_error(&session->reply, MESSAGE_ERROR_KERNEL,
			  "the kernel's figures are out of bounds");
		log_line(LOG_LEVEL_ERROR, "request %u: %s", session->running,
			 session->reply.error.text);
		put(session, &session->reply, session->running,
		    session->nonce);
	}
	job_free(&session->job);
	session->state = SESSION_READY;
}

void session_output_sent(struct session *session)
{
	if (session->state == SESSION_ANSWERING)
		go_on_answering(session);
}

static void log_cleaned(const struct session *session)
{
	const struct job *job = &session->job;

	if (job->err)
		log_line(LOG_LEVEL_ERROR,
			 "releasing regions: %s: they stay held until the next session",
			 strerror(-job->err));
	else if (job->released)
		log_line(LOG_LEVEL_INFO, "%u regions released", job->released);
}

void session_job_done(struct session *session)
{
	session->cancelling = false;
	switch (session->state) {
	case SESSION_WORKING:
		log_answer(session);
		session->regions_sent = 0;
		session->state = SESSION_ANSWERING;
		go_on_answering(session);
		break;
	case SESSION_CLEANING:
		if (session->job.kind == JOB_ASK) {
			/* It was cancelled; what it made is yet to be freed. */
			job_free(&session->job);
			clean(session);
			break;
		}
		log_cleaned(session);
		cleaned(session);
		break;
	default:
		break;
	}
}

/* ----- time -------------------------------------------------------------- */

bool session_wants_tick(const struct session *session)
{
	return session->cancelling || session->state == SESSION_WORKING ||
	       (is_alive(session) && !session->port_open) ||
	       frame_decoder_pending(&session->decoder);
}

static void send_progress(struct session *session)
{
	struct message *message = &session->reply;
	struct message_progress progress;
	size_t waiting;

	if (device_progress(session->device, &progress) ||
	    !memcmp(&progress, &session->progress, sizeof(progress)))
		return;
	outq_data(&session->out, &waiting);
	message->type = MESSAGE_PROGRESS;
	message->progress = progress;
	/* The part that the agent's limit cut off was asked for, too. */
	message->progress.asked = session->asked;
	if (waiting || put(session, message, session->running,
			   session->nonce))
		session->drops.no_room++;
	else
		session->progress = progress;
}

void session_tick(struct session *session)
{
	if (is_alive(session) && !session->port_open &&
	    ++session->closed_ticks >= SESSION_STALL_TICKS)
		session_hangup(session);
	if (frame_decoder_pending(&session->decoder) &&
	    ++session->stalled_ticks >= SESSION_STALL_TICKS) {
		frame_decoder_give_up(&session->decoder);
		take_frames(session);
	}
	if (session->cancelling)
		worker_cancel(session->worker);
	else if (session->state == SESSION_WORKING &&
		 session->asked)
		send_progress(session);
}
