// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake-agent SOCKET MODE [FIRST-GFN]: what stands behind a guest's port, for
 * tests of contigd. It listens where QEMU would, and behaves like an agent
 * whose guest has free regions from FIRST-GFN on (default 0x10000), except for
 * what its mode says. Each thing it is told is a line on standard output.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/frame.h"
#include "proto/message.h"

/* What each mode does otherwise than a good agent. */
enum mode {
	MODE_GOOD,
	MODE_SILENT, /* takes everything, says nothing */
	MODE_GARBAGE, /* answers HELLO by an endless stream of noise */
	MODE_FLOOD, /* answers REQUEST by endless frames of another session */
	MODE_CHATTER, /* answers REQUEST by endless PROGRESS */
	MODE_HALF, /* the answer to REQUEST ends in its middle */
	MODE_NONCE, /* answers REQUEST with another nonce */
	MODE_TWICE, /* answers REQUEST twice */
	MODE_OUTSIDE, /* regions outside RAM */
	MODE_OVERLAP, /* the same region twice */
	MODE_UNALIGNED, /* a region that is not aligned to its order */
	MODE_OTHER_ORDER, /* regions of another order than asked for */
	MODE_TOO_MANY, /* one region more than asked for */
	MODE_UNCOUNTED, /* made and shortfall don't add up */
	MODE_WRONG_PLACE, /* RAM, but not where it was asked for */
	MODE_UNASKED, /* DONE where ANSWER is due */
	MODE_NOT_DECODED, /* an ANSWER of one byte */
	MODE_VERSION, /* knows another protocol version only */
	MODE_NO_KERNEL, /* has no /dev/coalesce */
	MODE_SLOW, /* makes one region and waits for CANCEL */
	MODE_DEAF, /* never ends a REQUEST, CANCEL or not */
	MODE_DIES, /* closes its end when REQUEST comes */
	MODE_DIES_TOUCH, /* closes its end when TOUCH comes */
	MODE_HANGS, /* says nothing any more when TOUCH comes */
	MODE_PARTLY, /* makes half of what is asked: pinned */
	MODE_DETAILS, /* makes 12 less: slab, of one cache; pinned; writeback */
	MODE_DETAILS_MANY, /* likewise: slab alone, of 7 caches */
	MODE_DETAILS_MORE, /* likewise, and more details than are missing */
	MODE_DETAILS_OTHER, /* likewise, and details of another reason */
	MODE_DETAILS_TWICE, /* details after the details */
	MODE_DETAILS_TEXT, /* details whose name steers a terminal */
	MODE_DETAILS_UNASKED, /* details, and has no such feature */
	MODE_LATE_PING, /* ends REQUEST when pinged, and works on the ping */
	MODE_PING_FLOOD, /* answers a ping by endless answers to it */
	MODE_VERSION_FLOOD, /* answers HELLO by endless ERROR VERSION */
	MODE_FORGETS, /* RELEASE and HOLD find no region */
	MODE_FORGETS_TOUCH, /* TOUCH finds no region */
	MODE_SLOW_TOUCH, /* TOUCH waits for CANCEL */
	MODE_LIES_TOUCH, /* so it does, and then answers another question */
	MODE_SLOW_HOLD, /* HOLD waits for SIGUSR1 */
	MODE_HOLD_FAILS, /* the kernel refuses HOLD */
	MODE_DIES_HOLD, /* closes its end when HOLD comes */
	MODE_LISTS_LARGE, /* LIST names a region of 16 MiB, STATE counts it */
	MODE_LISTS_OUTSIDE, /* LIST names a region outside RAM */
	MODE_LISTS_FEWER, /* LIST says more than it names */
	MODE_RELEASES_MORE, /* RELEASE says one more than it was told */
	MODE_SLOW_STATE, /* STATE_GET waits for SIGUSR1 */
	MODE_LEAVES, /* answers the first HELLO, then nothing */
	MODE_OLD, /* is of before there were features, or orders above 9 */
	MODE_NR,
};

static const char *const mode_names[MODE_NR] = {
	[MODE_GOOD] = "good",
	[MODE_SILENT] = "silent",
	[MODE_GARBAGE] = "garbage",
	[MODE_FLOOD] = "flood",
	[MODE_CHATTER] = "chatter",
	[MODE_HALF] = "half",
	[MODE_NONCE] = "nonce",
	[MODE_TWICE] = "twice",
	[MODE_OUTSIDE] = "outside",
	[MODE_OVERLAP] = "overlap",
	[MODE_UNALIGNED] = "unaligned",
	[MODE_OTHER_ORDER] = "other-order",
	[MODE_TOO_MANY] = "too-many",
	[MODE_UNCOUNTED] = "uncounted",
	[MODE_WRONG_PLACE] = "wrong-place",
	[MODE_UNASKED] = "unasked",
	[MODE_NOT_DECODED] = "not-decoded",
	[MODE_VERSION] = "version",
	[MODE_NO_KERNEL] = "no-kernel",
	[MODE_SLOW] = "slow",
	[MODE_DEAF] = "deaf",
	[MODE_DIES] = "dies",
	[MODE_DIES_TOUCH] = "dies-touch",
	[MODE_HANGS] = "hangs",
	[MODE_PARTLY] = "partly",
	[MODE_DETAILS] = "details",
	[MODE_DETAILS_MANY] = "details-many",
	[MODE_DETAILS_MORE] = "details-more",
	[MODE_DETAILS_OTHER] = "details-other",
	[MODE_DETAILS_TWICE] = "details-twice",
	[MODE_DETAILS_TEXT] = "details-text",
	[MODE_DETAILS_UNASKED] = "details-unasked",
	[MODE_LATE_PING] = "late-ping",
	[MODE_PING_FLOOD] = "ping-flood",
	[MODE_VERSION_FLOOD] = "version-flood",
	[MODE_FORGETS] = "forgets",
	[MODE_FORGETS_TOUCH] = "forgets-touch",
	[MODE_SLOW_TOUCH] = "slow-touch",
	[MODE_LIES_TOUCH] = "lies-touch",
	[MODE_SLOW_HOLD] = "slow-hold",
	[MODE_HOLD_FAILS] = "hold-fails",
	[MODE_DIES_HOLD] = "dies-hold",
	[MODE_LISTS_LARGE] = "lists-large",
	[MODE_LISTS_OUTSIDE] = "lists-outside",
	[MODE_LISTS_FEWER] = "lists-fewer",
	[MODE_RELEASES_MORE] = "releases-more",
	[MODE_SLOW_STATE] = "slow-state",
	[MODE_LEAVES] = "leaves",
	[MODE_OLD] = "old",
};

#define COALESCE_WHY_SLAB 2
#define COALESCE_WHY_PINNED 11
#define COALESCE_WHY_WRITEBACK 13
#define DETAILS_MISSING 12 /* regions, in the modes of details */
#define DETAILS_SLAB 7 /* of these */
#define LARGE_ORDER 12 /* of MODE_LISTS_LARGE */

struct fake {
	enum mode mode;
	int fd;
	uint64_t session;
	uint64_t first_gfn;
	uint64_t next_id;
	uint32_t held;
	uint32_t pending_request; /* that waits for CANCEL, or for a ping */
	struct message_request asked;
	bool hangs;
	struct message message;
	struct message reply;
	uint8_t frame[FRAME_MAX_BYTES];
	struct frame_decoder decoder;
};

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

/* Return: false when the host has gone. */
static bool send_bytes(struct fake *fake, const void *bytes, size_t size)
{
	const char *at = bytes;
	ssize_t sent;

	while (size > 0) {
		sent = send(fake->fd, at, size, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		at += sent;
		size -= (size_t)sent;
	}
	return true;
}

static bool send_reply(struct fake *fake, uint32_t request)
{
	size_t size;
	int r;

	r = message_encode(&fake->reply, request, fake->session, fake->frame,
			   sizeof(fake->frame), &size);
	if (r < 0)
		errx(1, "%s: %s", message_type_name(fake->reply.type),
		     strerror(-r));
	return send_bytes(fake, fake->frame, size);
}

static struct message *begin_reply(struct fake *fake, enum message_type type)
{
	memset(&fake->reply, 0, sizeof(fake->reply));
	fake->reply.type = type;
	return &fake->reply;
}

static bool send_error(struct fake *fake, uint32_t request,
		       enum message_error_code code, const char *text)
{
	struct message *reply = begin_reply(fake, MESSAGE_ERROR);

	reply->error.code = code;
	strcpy(reply->error.text, text);
	return send_reply(fake, request);
}

/* The test goes on by SIGUSR1, which main() has blocked. */
static void wait_for_test(void)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &number);
}

static bool noise(struct fake *fake)
{
	uint8_t bytes[4096];
	uint32_t x = 1;
	size_t i;

	do {
		for (i = 0; i < sizeof(bytes); i++) {
			x = x * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(x >> 24);
		}
		/* Headers that begin well, too. */
		memcpy(bytes + 100, "CTIG\1\104\0\0", 8);
	} while (send_bytes(fake, bytes, sizeof(bytes)));
	return false;
}

static bool answer_hello(struct fake *fake)
{
	struct message *reply;

	if (fake->mode == MODE_GARBAGE)
		return noise(fake);
	if (fake->mode == MODE_VERSION)
		return send_error(fake, 0, MESSAGE_ERROR_VERSION,
				  "versions 7 to 9");
	if (fake->mode == MODE_VERSION_FLOOD) {
		while (send_error(fake, 0, MESSAGE_ERROR_VERSION,
				  "versions 7 to 9"))
			;
		return false;
	}
	if (fake->mode == MODE_LEAVES)
		fake->hangs = true;
	reply = begin_reply(fake, MESSAGE_HELLO_REPLY);
	reply->hello_reply.version = 1;
	if (fake->mode != MODE_OLD && fake->mode != MODE_DETAILS_UNASKED)
		reply->hello_reply.features =
			fake->message.hello.features &
			(MESSAGE_FEATURE_RECLAIM | MESSAGE_FEATURE_DETAILS);
	reply->hello_reply.kernel_api = fake->mode == MODE_NO_KERNEL ? 0 : 2;
	reply->hello_reply.kernel_errno =
		fake->mode == MODE_NO_KERNEL ? ENOENT : 0;
	reply->hello_reply.strategies = 3;
	reply->hello_reply.min_order = 9;
	reply->hello_reply.max_order = fake->mode == MODE_OLD ? 9 : 18;
	reply->hello_reply.boot = 42;
	strcpy(reply->hello_reply.agent_version, "fake");
	return send_reply(fake, 0);
}

/*
 * What the codec would not write: sends the reply with @value at @offset of its
 * payload.
 */
static bool send_patched(struct fake *fake, uint32_t request, size_t offset,
			 uint64_t value)
{
	uint8_t *payload = fake->frame + FRAME_HEADER_BYTES;
	struct frame frame = {
		.version = FRAME_VERSION,
		.type = (uint8_t)fake->reply.type,
		.request = request,
		.session = fake->session,
		.payload = payload,
	};
	size_t size;

	if (message_encode(&fake->reply, request, fake->session, fake->frame,
			   sizeof(fake->frame), &size) < 0)
		errx(1, "what is to be patched does not encode");
	memcpy(payload + offset, &value, sizeof(value));
	frame.payload_bytes = (uint32_t)(size - FRAME_HEADER_BYTES);
	frame_encode(&frame, fake->frame, sizeof(fake->frame), &size);
	return send_bytes(fake, fake->frame, size);
}

/* Where in REGIONS the first one's gfn stands: behind 3 counts and the id. */
#define AT_FIRST_GFN (3 * 4 + 8)

/* As many of the kind that was asked for, but of half or twice the size. */
static uint8_t other_order(const struct fake *fake)
{
	return fake->asked.order > 9 ? fake->asked.order - 1 : 10;
}

static bool send_regions(struct fake *fake, uint32_t request, uint32_t total)
{
	uint8_t order = fake->mode == MODE_OTHER_ORDER ? other_order(fake) :
							 fake->asked.order;
	uint64_t pages = UINT64_C(1) << order;
	struct message_regions *regions;
	uint32_t first;
	uint32_t i;

	for (first = 0; first < total; first += regions->count) {
		regions = &begin_reply(fake, MESSAGE_REGIONS)->regions;
		regions->total = total;
		regions->first = first;
		regions->count = total - first;
		if (regions->count > MESSAGE_MAX_REGIONS)
			regions->count = MESSAGE_MAX_REGIONS;
		for (i = 0; i < regions->count; i++) {
			uint64_t n = first + i;

			if (fake->mode == MODE_OVERLAP && n == total - 1)
				n = 0;
			regions->regions[i] = (struct message_region){
				.id = fake->next_id++,
				.gfn = { fake->first_gfn + n * pages },
				.order = order,
			};
			if (fake->mode == MODE_OUTSIDE && n == total - 1)
				regions->regions[i].gfn.v = UINT64_C(1) << 32;
			if (fake->mode == MODE_WRONG_PLACE)
				regions->regions[i].gfn.v = 0x8000;
		}
		if (fake->mode == MODE_UNALIGNED)
			return send_patched(fake, request, AT_FIRST_GFN,
					    fake->first_gfn + pages / 2);
		if (!send_reply(fake, request))
			return false;
	}
	fake->held += total;
	return true;
}

static void add_detail(struct fake *fake, uint32_t reason, uint32_t regions,
		       const char *name)
{
	struct message_details *details = &fake->reply.details;
	struct message_detail *detail = &details->details[details->count++];

	detail->reason = reason;
	detail->regions = regions;
	snprintf(detail->name, sizeof(detail->name), "%s", name);
}

/* Where in DETAILS the first name stands: behind what is of a fixed size. */
#define AT_FIRST_NAME (8 + 4 + 4 + 4 + 1)

static bool send_details(struct fake *fake, uint32_t request)
{
	struct message_details *details =
		&begin_reply(fake, MESSAGE_DETAILS)->details;
	char name[16];
	uint32_t i;

	details->pages_reclaimed = 345;
	switch (fake->mode) {
	case MODE_DETAILS_MANY:
		for (i = 0; i < DETAILS_SLAB; i++) {
			snprintf(name, sizeof(name), "cache_%u", i);
			add_detail(fake, COALESCE_WHY_SLAB, i == 0 ? 4 : 1,
				   name);
		}
		return send_reply(fake, request);
	case MODE_DETAILS_MORE:
		add_detail(fake, COALESCE_WHY_SLAB, DETAILS_SLAB, "dentry");
		add_detail(fake, COALESCE_WHY_SLAB, 1, "inode_cache");
		return send_reply(fake, request);
	case MODE_DETAILS_OTHER:
		add_detail(fake, COALESCE_WHY_SLAB + 1, 1, "dentry");
		return send_reply(fake, request);
	case MODE_DETAILS_TEXT:
		add_detail(fake, COALESCE_WHY_SLAB, 1, "clear..");
		/* Escape, "c", and the rest as it was: a terminal is reset. */
		return send_patched(fake, request, AT_FIRST_NAME,
				    UINT64_C(0x2e2e726165631b));
	default:
		add_detail(fake, COALESCE_WHY_SLAB, DETAILS_SLAB, "dentry");
		return send_reply(fake, request) &&
		       (fake->mode != MODE_DETAILS_TWICE ||
			send_reply(fake, request));
	}
}

static bool is_detailed(const struct fake *fake)
{
	return fake->mode >= MODE_DETAILS && fake->mode <= MODE_DETAILS_UNASKED;
}

/* The shortfall of an answer that has details before it. */
static void set_detailed_shortfall(const struct fake *fake,
				   struct message_answer *answer)
{
	bool only_slab = fake->mode == MODE_DETAILS_MANY;

	answer->nr_shortfall = only_slab ? 1 : 3;
	answer->shortfall[0].reason = COALESCE_WHY_SLAB;
	answer->shortfall[0].regions = only_slab ? DETAILS_MISSING :
						   DETAILS_SLAB;
	answer->shortfall[1].reason = COALESCE_WHY_PINNED;
	answer->shortfall[1].regions = 3;
	answer->shortfall[2].reason = COALESCE_WHY_WRITEBACK;
	answer->shortfall[2].regions = DETAILS_MISSING - DETAILS_SLAB - 3;
}

static bool send_answer(struct fake *fake, uint32_t request, uint32_t made,
			uint32_t reason)
{
	struct message_answer *answer;

	if (is_detailed(fake) && !send_details(fake, request))
		return false;
	answer = &begin_reply(fake, MESSAGE_ANSWER)->answer;
	answer->requested = fake->asked.count;
	answer->made = made;
	answer->moves_tried = 100;
	answer->moves_done = 90;
	answer->bytes_copied = 90 * 4096;
	answer->pages_scanned = 1000;
	answer->guest_ns = 1000000;
	if (made < fake->asked.count) {
		answer->nr_shortfall = 1;
		answer->shortfall[0].reason = reason;
		answer->shortfall[0].regions = fake->asked.count - made;
		if (fake->mode == MODE_UNCOUNTED)
			answer->shortfall[0].regions++;
	}
	if (is_detailed(fake))
		set_detailed_shortfall(fake, answer);
	return send_reply(fake, request);
}

static bool send_progress(struct fake *fake, uint32_t request)
{
	struct message_progress *progress;

	progress = &begin_reply(fake, MESSAGE_PROGRESS)->progress;
	progress->asked = fake->asked.count;
	return send_reply(fake, request);
}

static bool answer_request(struct fake *fake, uint32_t request)
{
	uint64_t session = fake->session;
	uint32_t made = fake->asked.count;
	bool alive = true;

	switch (fake->mode) {
	case MODE_FLOOD:
		fake->session++;
		while (send_progress(fake, request))
			;
		return false;
	case MODE_CHATTER:
		while (send_progress(fake, request))
			;
		return false;
	case MODE_NONCE:
		fake->session++;
		alive = send_answer(fake, request, made, 0);
		fake->session = session;
		return alive;
	case MODE_DIES:
		return false;
	case MODE_DEAF:
		return true;
	case MODE_LATE_PING:
	case MODE_PING_FLOOD:
		fake->pending_request = request;
		return true;
	case MODE_SLOW:
		fake->pending_request = request;
		return send_progress(fake, request);
	case MODE_UNASKED:
		begin_reply(fake, MESSAGE_DONE);
		return send_reply(fake, request);
	case MODE_PARTLY:
	case MODE_UNCOUNTED:
		made /= 2;
		break;
	case MODE_TOO_MANY:
		made++;
		break;
	default:
		if (is_detailed(fake))
			made -= DETAILS_MISSING;
		break;
	}
	alive = send_progress(fake, request) &&
		send_regions(fake, request, made);
	if (fake->mode == MODE_TOO_MANY)
		made--;
	if (!alive || !send_answer(fake, request, made, COALESCE_WHY_PINNED))
		return false;
	if (fake->mode == MODE_TWICE)
		return send_regions(fake, request, made) &&
		       send_answer(fake, request, made, 0);
	return true;
}

/* A frame whose checksums are right up to where it stops. */
static bool send_half_answer(struct fake *fake, uint32_t request)
{
	struct message_answer *answer;
	size_t size;

	answer = &begin_reply(fake, MESSAGE_ANSWER)->answer;
	answer->requested = fake->asked.count;
	answer->made = 0;
	if (message_encode(&fake->reply, request, fake->session, fake->frame,
			   sizeof(fake->frame), &size) < 0)
		errx(1, "ANSWER");
	return send_bytes(fake, fake->frame, size / 2);
}

static bool send_undecodable(struct fake *fake, uint32_t request)
{
	uint8_t payload = 1;
	struct frame frame = {
		.version = FRAME_VERSION,
		.type = MESSAGE_ANSWER,
		.request = request,
		.session = fake->session,
		.payload = &payload,
		.payload_bytes = 1,
	};
	size_t size;

	frame_encode(&frame, fake->frame, sizeof(fake->frame), &size);
	return send_bytes(fake, fake->frame, size);
}

/* Return: false when the agent dies of it. */
static bool answer_hold(struct fake *fake)
{
	if (fake->mode == MODE_SLOW_HOLD)
		wait_for_test();
	return fake->mode != MODE_DIES_HOLD;
}

static bool answer_ids(struct fake *fake, uint32_t request)
{
	const struct message_ids *ids = &fake->message.ids;
	uint32_t count = ids->count == 0 ? fake->held : ids->count;

	printf("%s %u\n", message_type_name((uint8_t)fake->message.type),
	       count);
	fflush(stdout);
	if (fake->message.type == MESSAGE_TOUCH &&
	    fake->mode == MODE_DIES_TOUCH)
		return false;
	if (fake->message.type == MESSAGE_TOUCH && fake->mode == MODE_HANGS) {
		fake->hangs = true;
		return true;
	}
	if (fake->message.type == MESSAGE_TOUCH &&
	    (fake->mode == MODE_SLOW_TOUCH || fake->mode == MODE_LIES_TOUCH)) {
		fake->pending_request = request;
		return true;
	}
	if (fake->message.type == MESSAGE_HOLD && !answer_hold(fake))
		return false;
	if (fake->message.type == MESSAGE_HOLD &&
	    fake->mode == MODE_HOLD_FAILS)
		return send_error(fake, request, MESSAGE_ERROR_KERNEL,
				  "HOLD: out of memory");
	if (count > fake->held)
		count = fake->held;
	if (fake->mode == (fake->message.type == MESSAGE_TOUCH ?
				   MODE_FORGETS_TOUCH :
				   MODE_FORGETS))
		count = 0;
	if (fake->message.type == MESSAGE_RELEASE)
		fake->held -= count;
	if (fake->message.type == MESSAGE_RELEASE &&
	    fake->mode == MODE_RELEASES_MORE)
		count++;
	begin_reply(fake, MESSAGE_DONE)->done.done = count;
	return send_reply(fake, request);
}

static bool answer_map(struct fake *fake, uint32_t request)
{
	struct message_map_get get = fake->message.map_get;
	struct message_map *map = &begin_reply(fake, MESSAGE_MAP)->map;
	uint32_t i;

	map->end_gfn.v = get.first_gfn.v + ((uint64_t)get.count << get.order);
	map->first_gfn = get.first_gfn;
	map->order = get.order;
	map->count = get.count;
	for (i = 0; i < get.count; i++)
		map->cells[i].free_pages = 1u << get.order;
	return send_reply(fake, request);
}

static bool answer_state(struct fake *fake, uint32_t request)
{
	struct message_state *state = &begin_reply(fake, MESSAGE_STATE)->state;

	state->nid = -1;
	state->total_pages = 65536;
	state->free_pages = 32768;
	state->blocks = 128;
	state->free_blocks = 64;
	state->clean_blocks = 96;
	state->held_regions = fake->held;
	state->held_pages = (uint64_t)fake->held << fake->asked.order;
	if (fake->mode == MODE_LISTS_LARGE) {
		state->held_regions = 1;
		state->held_pages = UINT64_C(1) << LARGE_ORDER;
	}
	return send_reply(fake, request);
}

/*
 * The ping has come just after the end of the request: the agent works on it,
 * and refuses what comes meanwhile. A host that waits for the ping's end does
 * not send anything, and is waited for in vain; so that is no luck.
 */
static bool end_at_ping(struct fake *fake, uint32_t ping)
{
	struct pollfd poll_fd = { .fd = fake->fd, .events = POLLIN };
	uint32_t request = fake->pending_request;
	uint8_t bytes[FRAME_MAX_BYTES];

	fake->pending_request = 0;
	say("pinged");
	if (!send_regions(fake, request, fake->asked.count) ||
	    !send_answer(fake, request, fake->asked.count, 0))
		return false;
	if (poll(&poll_fd, 1, 1000) > 0 &&
	    recv(fake->fd, bytes, sizeof(bytes), 0) > 0 &&
	    !send_error(fake, ping + 1, MESSAGE_ERROR_BUSY, "the ping"))
		return false;
	return answer_state(fake, ping);
}

static bool take_state_get(struct fake *fake, uint32_t request)
{
	if (fake->mode == MODE_LATE_PING && fake->pending_request != 0)
		return end_at_ping(fake, request);
	if (fake->mode == MODE_PING_FLOOD && fake->pending_request != 0) {
		while (answer_state(fake, request))
			;
		return false;
	}
	if (fake->mode == MODE_SLOW_STATE) {
		say("STATE_GET");
		wait_for_test();
	}
	return answer_state(fake, request);
}

static bool answer_list(struct fake *fake, uint32_t request)
{
	bool outside = fake->mode == MODE_LISTS_OUTSIDE;
	bool large = fake->mode == MODE_LISTS_LARGE;
	struct message_regions *regions;

	if (outside || large) {
		regions = &begin_reply(fake, MESSAGE_REGIONS)->regions;
		regions->total = 1;
		regions->count = 1;
		regions->regions[0] = (struct message_region){
			.id = 1,
			.gfn = { outside ? UINT64_C(1) << 32 :
					   fake->first_gfn },
			.order = large ? LARGE_ORDER : 9,
			.flags = large ? MESSAGE_REGION_KEPT : 0,
		};
		if (!send_reply(fake, request))
			return false;
	}
	begin_reply(fake, MESSAGE_DONE)->done.done =
		outside || large || fake->mode == MODE_LISTS_FEWER;
	return send_reply(fake, request);
}

static bool take_request(struct fake *fake, uint32_t request)
{
	say(message_type_name((uint8_t)fake->message.type));
	fake->asked = fake->message.request;
	if ((fake->asked.flags & MESSAGE_REQUEST_RECLAIM) != 0) {
		if (fake->mode == MODE_OLD)
			return send_error(fake, request,
					  MESSAGE_ERROR_BAD_MESSAGE,
					  "a field is out of bounds");
		say("RECLAIM");
	}
	if (fake->message.type == MESSAGE_PLAN)
		return send_answer(
			fake, request,
			fake->asked.count -
				(is_detailed(fake) ? DETAILS_MISSING : 0),
			0);
	if (fake->mode == MODE_HALF)
		return send_half_answer(fake, request);
	if (fake->mode == MODE_NOT_DECODED)
		return send_undecodable(fake, request);
	return answer_request(fake, request);
}

static bool take_frame(struct fake *fake, const struct frame *frame)
{
	if (message_decode(frame->type, frame->payload, frame->payload_bytes,
			   &fake->message) < 0)
		errx(1, "the host sent what does not decode");
	if (frame->type == MESSAGE_HELLO) {
		say("HELLO");
		if (frame->session != fake->session)
			fake->held = 0;
		fake->session = frame->session;
		fake->pending_request = 0;
		if (fake->mode == MODE_SILENT || fake->hangs)
			return true;
		return answer_hello(fake);
	}
	if (frame->session != fake->session || fake->hangs)
		return true;
	switch (fake->message.type) {
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		return take_request(fake, frame->request);
	case MESSAGE_CANCEL:
		say("CANCEL");
		if (fake->pending_request != frame->request)
			return true;
		fake->pending_request = 0;
		if (fake->mode == MODE_SLOW_TOUCH)
			return send_error(fake, frame->request,
					  MESSAGE_ERROR_KERNEL,
					  "TOUCH: cancelled");
		return send_regions(fake, frame->request, 1) &&
		       send_answer(fake, frame->request, 1,
				   MESSAGE_REASON_CANCELLED);
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		return answer_ids(fake, frame->request);
	case MESSAGE_LIST:
		return answer_list(fake, frame->request);
	case MESSAGE_STATE_GET:
		return take_state_get(fake, frame->request);
	case MESSAGE_MAP_GET:
		return answer_map(fake, frame->request);
	default:
		errx(1, "the host sent a %s", message_type_name(frame->type));
	}
}

static void serve(struct fake *fake)
{
	struct frame frame;
	uint8_t *place;
	size_t space;
	ssize_t got;

	frame_decoder_init(&fake->decoder);
	for (;;) {
		place = frame_decoder_space(&fake->decoder, &space);
		got = recv(fake->fd, place, space, 0);
		if (got <= 0)
			return;
		frame_decoder_filled(&fake->decoder, (size_t)got);
		while (frame_decoder_next(&fake->decoder, &frame) == 1) {
			if (!take_frame(fake, &frame))
				return;
		}
	}
}

static enum mode find_mode(const char *name)
{
	int i;

	for (i = 0; i < MODE_NR; i++) {
		if (strcmp(mode_names[i], name) == 0)
			return (enum mode)i;
	}
	errx(2, "unknown mode %s", name);
}

int main(int argc, char **argv)
{
	static struct fake fake = { .next_id = 1, .first_gfn = 0x10000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	sigset_t blocked;
	int listen_fd;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (argc < 3 || strlen(argv[1]) >= sizeof(address.sun_path))
		errx(2, "usage: fake-agent SOCKET MODE [FIRST-GFN]");
	strcpy(address.sun_path, argv[1]);
	fake.mode = find_mode(argv[2]);
	if (argc > 3)
		fake.first_gfn = strtoull(argv[3], NULL, 0);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listen_fd < 0 ||
	    bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listen_fd, 1) < 0)
		err(1, "%s", argv[1]);
	for (;;) {
		fake.fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fake.fd < 0)
			err(1, "accept");
		serve(&fake);
		close(fake.fd);
		/* The port was closed: what was not kept is given back. */
		fake.held = 0;
		fake.session = 0;
		fake.pending_request = 0;
		say("closed");
	}
}
