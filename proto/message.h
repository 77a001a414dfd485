/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages: what the payload of each frame type means. PROTOCOL.md is the
 * specification. No I/O, no clock, no allocation, no global state.
 */
#ifndef CONTIG_PROTO_MESSAGE_H
#define CONTIG_PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* Names below are fixed; numbers are the frame's type byte. */
enum message_type {
	/* host to guest */
	MESSAGE_HELLO = 1,
	MESSAGE_STATE_GET = 2,
	MESSAGE_PLAN = 3,
	MESSAGE_REQUEST = 4,
	MESSAGE_CANCEL = 5,
	MESSAGE_TOUCH = 6,
	MESSAGE_HOLD = 7,
	MESSAGE_RELEASE = 8,
	MESSAGE_LIST = 9,
	MESSAGE_MAP_GET = 10,
	/* guest to host */
	MESSAGE_HELLO_REPLY = 65,
	MESSAGE_STATE = 66,
	MESSAGE_PROGRESS = 67,
	MESSAGE_REGIONS = 68,
	MESSAGE_ANSWER = 69,
	MESSAGE_DONE = 70,
	MESSAGE_MAP = 71,
	MESSAGE_ERROR = 72,
	MESSAGE_DETAILS = 73,
};

/* Feature bits: what a side can do beyond this version's first form. */
#define MESSAGE_FEATURE_RECLAIM (UINT64_C(1) << 0) /* MESSAGE_REQUEST_RECLAIM */
#define MESSAGE_FEATURE_DETAILS (UINT64_C(1) << 1) /* MESSAGE_DETAILS */

/* Limits, and what each protects: the receiver's fixed buffers. */
#define MESSAGE_MAX_COUNT 65536 /* regions in one request */
#define MESSAGE_MAX_IDS 4096 /* ids in one TOUCH, HOLD or RELEASE */
#define MESSAGE_MAX_REGIONS 1024 /* regions in one REGIONS frame */
#define MESSAGE_MAX_CELLS 2048 /* cells in one MAP */
#define MESSAGE_MAX_REASONS 32 /* entries in a shortfall */
#define MESSAGE_MAX_DETAILS 32 /* entries in one DETAILS */
#define MESSAGE_MAX_TEXT_BYTES 200 /* of an ERROR, or of a version */
#define MESSAGE_MAX_NAME_BYTES 31 /* of a detail */
#define MESSAGE_MIN_ORDER 9
#define MESSAGE_MAX_ORDER 18
#define MESSAGE_MAX_CELL_ORDER 30
#define MESSAGE_ANY_NODE (-1)
#define MESSAGE_MAX_NODE 1023 /* Linux knows no more nodes */
/* x86-64 physical addresses end at 2^52. */
#define MESSAGE_MAX_GFNS (UINT64_C(1) << 40)

/* Numbers of enum coalesce_strategy. */
enum message_strategy {
	MESSAGE_STRATEGY_COST = 0,
	MESSAGE_STRATEGY_FREELIST = 1,
};

#define MESSAGE_REQUEST_SYNC (1u << 0)
/* Only where MESSAGE_FEATURE_RECLAIM was agreed on. */
#define MESSAGE_REQUEST_RECLAIM (1u << 1)
#define MESSAGE_REQUEST_KNOWN_FLAGS \
	(MESSAGE_REQUEST_SYNC | MESSAGE_REQUEST_RECLAIM)

enum message_error_code {
	MESSAGE_ERROR_BAD_MESSAGE = 1, /* payload does not decode */
	MESSAGE_ERROR_UNKNOWN_TYPE = 2,
	MESSAGE_ERROR_VERSION = 3, /* no protocol version in common */
	MESSAGE_ERROR_BUSY = 4, /* another request is being worked on */
	MESSAGE_ERROR_NO_KERNEL = 5, /* no usable /dev/coalesce */
	MESSAGE_ERROR_LIMIT = 6, /* over the agent's own limits */
	MESSAGE_ERROR_KERNEL = 7, /* the kernel refused: text has why */
};

/*
 * Why a region was not made: numbers below MESSAGE_NR_KERNEL_REASONS are those
 * of enum coalesce_reason; the agent's own start far above, so that the
 * kernel can add some.
 */
#define MESSAGE_NR_KERNEL_REASONS 23
#define MESSAGE_REASON_CANCELLED 19
#define MESSAGE_REASON_AGENT_LIMIT 64 /* the agent's --max-held-percent */
#define MESSAGE_MAX_REASON 255

struct message_hello {
	uint16_t version_min;
	uint16_t version_max;
	uint64_t features;
};

struct message_hello_reply {
	uint16_t version; /* chosen, within the host's range */
	uint64_t features; /* those of the host's that the agent has too */
	uint32_t kernel_api; /* COALESCE_API_VERSION; 0: no /dev/coalesce */
	uint32_t kernel_errno; /* why not, when kernel_api is 0 */
	uint32_t strategies; /* bit mask of 1 << enum message_strategy */
	uint8_t min_order;
	uint8_t max_order;
	uint64_t boot; /* differs after each boot of the guest */
	char agent_version[MESSAGE_MAX_TEXT_BYTES + 1]; /* printable ASCII */
};

struct message_state_get {
	int32_t nid;
};

struct message_state {
	int32_t nid;
	uint64_t total_pages;
	uint64_t free_pages;
	uint64_t reserve_pages;
	uint64_t blocks;
	uint64_t free_blocks;
	uint64_t clean_blocks;
	uint64_t held_regions;
	uint64_t held_pages;
};

/* PLAN and REQUEST */
struct message_request {
	uint32_t flags;
	uint8_t strategy;
	uint8_t order;
	uint32_t count;
	int32_t nid;
	struct gfn first_gfn;
	uint64_t nr_gfns; /* 0: anywhere */
	uint64_t max_moves; /* 0: no limit */
	uint64_t timeout_ns; /* 0: no limit */
};

/* TOUCH, HOLD, RELEASE */
struct message_ids {
	uint32_t count; /* 0: all that the agent holds */
	uint64_t ids[MESSAGE_MAX_IDS];
};

struct message_map_get {
	struct gfn first_gfn;
	uint8_t order; /* page frames in a cell, 9 to 30 */
	uint32_t count; /* 1 to MESSAGE_MAX_CELLS */
};

struct message_progress {
	uint32_t asked;
	uint32_t made;
	uint64_t moves_done;
};

#define MESSAGE_REGION_KEPT (1u << 0) /* HOLD was said of it */

struct message_region {
	uint64_t id;
	struct gfn gfn;
	int32_t nid;
	uint8_t order;
	uint8_t flags;
};

/* The regions of a REQUEST or LIST, in as many frames as are needed. */
struct message_regions {
	uint32_t total; /* of the whole answer */
	uint32_t first; /* index of regions[0] in the whole answer */
	uint32_t count; /* in this frame */
	struct message_region regions[MESSAGE_MAX_REGIONS];
};

struct message_shortfall {
	uint32_t reason; /* enum coalesce_reason, or MESSAGE_REASON_* */
	uint32_t regions;
};

/* What exactly was in the way, of some of a shortfall. */
struct message_detail {
	uint32_t reason; /* as in the shortfall that it is a part of */
	uint32_t regions;
	char name[MESSAGE_MAX_NAME_BYTES + 1]; /* printable ASCII */
};

/* Before the end of a REQUEST or PLAN: MESSAGE_FEATURE_DETAILS. */
struct message_details {
	uint64_t pages_reclaimed; /* clean page cache that was dropped */
	uint32_t count;
	struct message_detail details[MESSAGE_MAX_DETAILS];
};

/* Ends a REQUEST or PLAN, after its REGIONS and DETAILS. */
struct message_answer {
	uint32_t requested;
	uint32_t made;
	uint64_t moves_tried;
	uint64_t moves_done;
	uint64_t bytes_copied;
	uint64_t pages_scanned;
	uint64_t guest_ns;
	uint32_t nr_shortfall;
	struct message_shortfall shortfall[MESSAGE_MAX_REASONS];
};

/* Ends a TOUCH, HOLD, RELEASE or LIST. */
struct message_done {
	uint32_t done;
};

struct message_cell {
	uint32_t free_pages;
	uint32_t movable_pages;
	uint32_t unmovable_pages;
	uint32_t held_pages;
};

struct message_map {
	struct gfn end_gfn;
	struct gfn first_gfn;
	uint8_t order;
	uint32_t count;
	struct message_cell cells[MESSAGE_MAX_CELLS];
};

struct message_error {
	uint32_t code;
	char text[MESSAGE_MAX_TEXT_BYTES + 1]; /* printable ASCII */
};

/* CANCEL has no payload: the frame's request says what to cancel. */
struct message {
	enum message_type type;
	union {
		struct message_hello hello;
		struct message_hello_reply hello_reply;
		struct message_state_get state_get;
		struct message_state state;
		struct message_request request; /* PLAN, REQUEST */
		struct message_ids ids; /* TOUCH, HOLD, RELEASE */
		struct message_map_get map_get;
		struct message_progress progress;
		struct message_regions regions;
		struct message_details details;
		struct message_answer answer;
		struct message_done done; /* also LIST's end */
		struct message_map map;
		struct message_error error;
	};
};

/**
 * message_encode() - write a message as a whole frame
 * @request: the frame's request number.
 * @session: the frame's session nonce.
 * @ret_bytes: length of the frame.
 *
 * Return: 0; -EINVAL when a field is out of the bounds that message_decode()
 * keeps (a frame that this codec writes, it also reads); -EMSGSIZE when @buf
 * is too small (FRAME_MAX_BYTES is always enough).
 */
int message_encode(const struct message *message, uint32_t request,
		   uint64_t session, uint8_t *buf, size_t buf_bytes,
		   size_t *ret_bytes);

/**
 * message_decode() - read a payload
 * @type: the frame's type byte.
 * @ret_message: filled in; undefined after failure.
 *
 * Checks every bound that a field has by itself (PROTOCOL.md lists them);
 * whether ranges lie in the guest's RAM is for the caller. Bytes after the
 * fields of this version are ignored, so that later versions can add some.
 *
 * Return: 0; -ENOTSUP for an unknown type; -EBADMSG for a payload that is too
 * short or has a field out of bounds.
 */
int message_decode(uint8_t type, const uint8_t *payload, size_t payload_bytes,
		   struct message *ret_message);

/* Does it have a reason, regions and a name within their bounds? */
bool message_detail_is_good(const struct message_detail *detail);

/**
 * message_detail_fits() - has the shortfall room for a detail?
 * @i: index in @details; those before it take their part of the room.
 */
bool message_detail_fits(const struct message_answer *answer,
			 const struct message_details *details, uint32_t i);

/* Names for logs; never NULL. */
const char *message_type_name(uint8_t type);
const char *message_error_name(uint32_t code);
/* "slab", "pinned", ...; "unknown" for a reason of a later version. */
const char *message_reason_name(uint32_t reason);

#endif
