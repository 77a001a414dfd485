// SPDX-License-Identifier: BSD-3-Clause
/*
 * Each message has three functions: one that checks its bounds, one that
 * writes it and one that reads it. Both directions use the same check, so
 * this codec reads whatever it writes, and writes whatever it reads. Reader
 * and writer remember that they ran over their end, so that the functions
 * read like the tables in PROTOCOL.md.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/frame.h"
#include "proto/message.h"

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

struct writer {
	uint8_t *at;
	size_t left;
	bool failed;
};

/* Enough zero bytes for the widest field: what a failed reader reads. */
static const uint8_t zeroes[8];

static const uint8_t *take(struct reader *in, size_t size)
{
	const uint8_t *at = in->at;

	if (in->failed || in->left < size) {
		in->failed = true;
		return zeroes;
	}
	in->at += size;
	in->left -= size;
	return at;
}

static uint8_t get_u8(struct reader *in)
{
	return *take(in, 1);
}

static uint16_t get_u16(struct reader *in)
{
	return bytes_get_le16(take(in, 2));
}

static uint32_t get_u32(struct reader *in)
{
	return bytes_get_le32(take(in, 4));
}

static int32_t get_s32(struct reader *in)
{
	return (int32_t)get_u32(in);
}

static uint64_t get_u64(struct reader *in)
{
	return bytes_get_le64(take(in, 8));
}

/* Returns NULL when there is no room: the caller must not write then. */
static uint8_t *give(struct writer *out, size_t size)
{
	uint8_t *at = out->at;

	if (out->failed || out->left < size) {
		out->failed = true;
		return NULL;
	}
	out->at += size;
	out->left -= size;
	return at;
}

static void put_u8(struct writer *out, uint8_t v)
{
	uint8_t *at = give(out, 1);

	if (at)
		*at = v;
}

static void put_u16(struct writer *out, uint16_t v)
{
	uint8_t *at = give(out, 2);

	if (at)
		bytes_put_le16(at, v);
}

static void put_u32(struct writer *out, uint32_t v)
{
	uint8_t *at = give(out, 4);

	if (at)
		bytes_put_le32(at, v);
}

static void put_s32(struct writer *out, int32_t v)
{
	put_u32(out, (uint32_t)v);
}

static void put_u64(struct writer *out, uint64_t v)
{
	uint8_t *at = give(out, 8);

	if (at)
		bytes_put_le64(at, v);
}

/*
 * Text ends up in the other side's log: only printable ASCII, so that it can
 * neither start a line of its own nor move a terminal's cursor.
 */
static bool text_is_good(const char *text, size_t max_bytes)
{
	size_t size = strnlen(text, max_bytes + 1);

	if (size > max_bytes)
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

/* @text has room for @max_bytes and the NUL behind them. */
static void get_text(struct reader *in, char *text, size_t max_bytes)
{
	size_t size = get_u8(in);

	text[0] = '\0';
	if (size > max_bytes || in->left < size) {
		in->failed = true;
		return;
	}
	memcpy(text, take(in, size), size);
	text[size] = '\0';
	/* A zero inside would be lost when the text is written again. */
	if (strlen(text) != size)
		in->failed = true;
}

static void put_text(struct writer *out, const char *text)
{
	size_t size = strlen(text);
	uint8_t *at;

	put_u8(out, (uint8_t)size);
	at = give(out, size);
	if (at)
		memcpy(at, text, size);
}

static bool node_is_good(int32_t nid, int32_t lowest)
{
	return nid >= lowest && nid <= MESSAGE_MAX_NODE;
}

static bool order_is_good(uint8_t order)
{
	return order >= MESSAGE_MIN_ORDER && order <= MESSAGE_MAX_ORDER;
}

static bool is_aligned(uint64_t v, unsigned int order)
{
	return !(v & ((UINT64_C(1) << order) - 1));
}

/* hello */

static bool hello_is_good(const struct message_hello *m)
{
	return m->version_min >= 1 && m->version_min <= m->version_max;
}

static void get_hello(struct reader *in, struct message_hello *m)
{
	m->version_min = get_u16(in);
	m->version_max = get_u16(in);
	m->features = get_u64(in);
}

static void put_hello(struct writer *out, const struct message_hello *m)
{
	put_u16(out, m->version_min);
	put_u16(out, m->version_max);
	put_u64(out, m->features);
}

static bool hello_reply_is_good(const struct message_hello_reply *m)
{
	if (m->version < 1 || m->kernel_errno > 4095)
		return false;
	if (m->min_order > m->max_order || m->max_order > MESSAGE_MAX_ORDER)
		return false;
	if (m->kernel_api && m->min_order < MESSAGE_MIN_ORDER)
		return false;
	return text_is_good(m->agent_version, MESSAGE_MAX_TEXT_BYTES);
}

static void get_hello_reply(struct reader *in, struct message_hello_reply *m)
{
	m->version = get_u16(in);
	m->features = get_u64(in);
	m->kernel_api = get_u32(in);
	m->kernel_errno = get_u32(in);
	m->strategies = get_u32(in);
	m->min_order = get_u8(in);
	m->max_order = get_u8(in);
	m->boot = get_u64(in);
	get_text(in, m->agent_version, MESSAGE_MAX_TEXT_BYTES);
}

static void put_hello_reply(struct writer *out,
			    const struct message_hello_reply *m)
{
	put_u16(out, m->version);
	put_u64(out, m->features);
	put_u32(out, m->kernel_api);
	put_u32(out, m->kernel_errno);
	put_u32(out, m->strategies);
	put_u8(out, m->min_order);
	put_u8(out, m->max_order);
	put_u64(out, m->boot);
	put_text(out, m->agent_version);
}

/* state */

static bool state_is_good(const struct message_state *m)
{
	return node_is_good(m->nid, MESSAGE_ANY_NODE) &&
	       m->total_pages <= MESSAGE_MAX_GFNS &&
	       m->free_pages <= MESSAGE_MAX_GFNS &&
	       m->reserve_pages <= MESSAGE_MAX_GFNS &&
	       m->blocks <= MESSAGE_MAX_GFNS &&
	       m->free_blocks <= MESSAGE_MAX_GFNS &&
	       m->clean_blocks <= MESSAGE_MAX_GFNS &&
	       m->held_regions <= MESSAGE_MAX_GFNS &&
	       m->held_pages <= MESSAGE_MAX_GFNS;
}

static void get_state(struct reader *in, struct message_state *m)
{
	m->nid = get_s32(in);
	m->total_pages = get_u64(in);
	m->free_pages = get_u64(in);
	m->reserve_pages = get_u64(in);
	m->blocks = get_u64(in);
	m->free_blocks = get_u64(in);
	m->clean_blocks = get_u64(in);
	m->held_regions = get_u64(in);
	m->held_pages = get_u64(in);
}

static void put_state(struct writer *out, const struct message_state *m)
{
	put_s32(out, m->nid);
	put_u64(out, m->total_pages);
	put_u64(out, m->free_pages);
	put_u64(out, m->reserve_pages);
	put_u64(out, m->blocks);
	put_u64(out, m->free_blocks);
	put_u64(out, m->clean_blocks);
	put_u64(out, m->held_regions);
	put_u64(out, m->held_pages);
}

/* plan, request */

static bool range_is_good(struct gfn first, uint64_t nr_gfns,
			  unsigned int order)
{
	if (!nr_gfns)
		return !first.v;
	return first.v <= MESSAGE_MAX_GFNS &&
	       nr_gfns <= MESSAGE_MAX_GFNS - first.v &&
	       is_aligned(first.v, order) && is_aligned(nr_gfns, order);
}

static bool request_is_good(const struct message_request *m)
{
	return !(m->flags & ~MESSAGE_REQUEST_KNOWN_FLAGS) &&
	       m->strategy <= MESSAGE_STRATEGY_FREELIST &&
	       order_is_good(m->order) && m->count >= 1 &&
	       m->count <= MESSAGE_MAX_COUNT &&
	       node_is_good(m->nid, MESSAGE_ANY_NODE) &&
	       range_is_good(m->first_gfn, m->nr_gfns, m->order);
}

static void get_request(struct reader *in, struct message_request *m)
{
	m->flags = get_u32(in);
	m->strategy = get_u8(in);
	m->order = get_u8(in);
	m->count = get_u32(in);
	m->nid = get_s32(in);
	m->first_gfn.v = get_u64(in);
	m->nr_gfns = get_u64(in);
	m->max_moves = get_u64(in);
	m->timeout_ns = get_u64(in);
}

static void put_request(struct writer *out, const struct message_request *m)
{
	put_u32(out, m->flags);
	put_u8(out, m->strategy);
	put_u8(out, m->order);
	put_u32(out, m->count);
	put_s32(out, m->nid);
	put_u64(out, m->first_gfn.v);
	put_u64(out, m->nr_gfns);
	put_u64(out, m->max_moves);
	put_u64(out, m->timeout_ns);
}

/* touch, hold, release */

static bool ids_are_good(const struct message_ids *m)
{
	if (m->count > MESSAGE_MAX_IDS)
		return false;
	for (uint32_t i = 0; i < m->count; i++)
		if (!m->ids[i])
			return false;
	return true;
}

static void get_ids(struct reader *in, struct message_ids *m)
{
	m->count = get_u32(in);
	if (m->count > MESSAGE_MAX_IDS)
		in->failed = true;
	for (uint32_t i = 0; !in->failed && i < m->count; i++)
		m->ids[i] = get_u64(in);
}

static void put_ids(struct writer *out, const struct message_ids *m)
{
	put_u32(out, m->count);
	for (uint32_t i = 0; i < m->count; i++)
		put_u64(out, m->ids[i]);
}

/* map_get */

static bool cells_are_good(struct gfn first, uint8_t order, uint32_t count)
{
	return order >= MESSAGE_MIN_ORDER && order <= MESSAGE_MAX_CELL_ORDER &&
	       count >= 1 && count <= MESSAGE_MAX_CELLS &&
	       first.v < MESSAGE_MAX_GFNS && is_aligned(first.v, order);
}

static bool map_get_is_good(const struct message_map_get *m)
{
	return cells_are_good(m->first_gfn, m->order, m->count);
}

static void get_map_get(struct reader *in, struct message_map_get *m)
{
	m->first_gfn.v = get_u64(in);
	m->order = get_u8(in);
	m->count = get_u32(in);
}

static void put_map_get(struct writer *out, const struct message_map_get *m)
{
	put_u64(out, m->first_gfn.v);
	put_u8(out, m->order);
	put_u32(out, m->count);
}

/* progress */

static bool progress_is_good(const struct message_progress *m)
{
	return m->asked <= MESSAGE_MAX_COUNT && m->made <= m->asked;
}

static void get_progress(struct reader *in, struct message_progress *m)
{
	m->asked = get_u32(in);
	m->made = get_u32(in);
	m->moves_done = get_u64(in);
}

static void put_progress(struct writer *out, const struct message_progress *m)
{
	put_u32(out, m->asked);
	put_u32(out, m->made);
	put_u64(out, m->moves_done);
}

/* regions */

static bool region_is_good(const struct message_region *m)
{
	return m->id && order_is_good(m->order) &&
	       m->gfn.v < MESSAGE_MAX_GFNS && is_aligned(m->gfn.v, m->order) &&
	       node_is_good(m->nid, 0) && !(m->flags & ~MESSAGE_REGION_KEPT);
}

static bool regions_are_good(const struct message_regions *m)
{
	if (m->count > MESSAGE_MAX_REGIONS || m->first > m->total ||
	    m->count > m->total - m->first)
		return false;
	/* A frame that says nothing could be repeated for ever. */
	if (!m->count && m->total)
		return false;
	for (uint32_t i = 0; i < m->count; i++)
		if (!region_is_good(&m->regions[i]))
			return false;
	return true;
}

static void get_regions(struct reader *in, struct message_regions *m)
{
	m->total = get_u32(in);
	m->first = get_u32(in);
	m->count = get_u32(in);
	if (m->count > MESSAGE_MAX_REGIONS)
		in->failed = true;
	for (uint32_t i = 0; !in->failed && i < m->count; i++) {
		m->regions[i].id = get_u64(in);
		m->regions[i].gfn.v = get_u64(in);
		m->regions[i].nid = get_s32(in);
		m->regions[i].order = get_u8(in);
		m->regions[i].flags = get_u8(in);
	}
}

static void put_regions(struct writer *out, const struct message_regions *m)
{
	put_u32(out, m->total);
	put_u32(out, m->first);
	put_u32(out, m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		put_u64(out, m->regions[i].id);
		put_u64(out, m->regions[i].gfn.v);
		put_s32(out, m->regions[i].nid);
		put_u8(out, m->regions[i].order);
		put_u8(out, m->regions[i].flags);
	}
}

/* details */

bool message_detail_is_good(const struct message_detail *m)
{
	return m->reason >= 1 && m->reason <= MESSAGE_MAX_REASON &&
	       m->regions >= 1 && m->regions <= MESSAGE_MAX_COUNT &&
	       m->name[0] && text_is_good(m->name, MESSAGE_MAX_NAME_BYTES);
}

static bool details_are_good(const struct message_details *m)
{
	if (m->pages_reclaimed > MESSAGE_MAX_GFNS ||
	    m->count > MESSAGE_MAX_DETAILS)
		return false;
	for (uint32_t i = 0; i < m->count; i++)
		if (!message_detail_is_good(&m->details[i]))
			return false;
	return true;
}

static void get_details(struct reader *in, struct message_details *m)
{
	m->pages_reclaimed = get_u64(in);
	m->count = get_u32(in);
	if (m->count > MESSAGE_MAX_DETAILS)
		in->failed = true;
	for (uint32_t i = 0; !in->failed && i < m->count; i++) {
		m->details[i].reason = get_u32(in);
		m->details[i].regions = get_u32(in);
		get_text(in, m->details[i].name, MESSAGE_MAX_NAME_BYTES);
	}
}

static void put_details(struct writer *out, const struct message_details *m)
{
	put_u64(out, m->pages_reclaimed);
	put_u32(out, m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		put_u32(out, m->details[i].reason);
		put_u32(out, m->details[i].regions);
		put_text(out, m->details[i].name);
	}
}

/* answer */

static bool answer_is_good(const struct message_answer *m)
{
	if (m->requested < 1 || m->requested > MESSAGE_MAX_COUNT ||
	    m->made > m->requested || m->nr_shortfall > MESSAGE_MAX_REASONS)
		return false;
	for (uint32_t i = 0; i < m->nr_shortfall; i++)
		if (m->shortfall[i].reason < 1 ||
		    m->shortfall[i].reason > MESSAGE_MAX_REASON ||
		    m->shortfall[i].regions > MESSAGE_MAX_COUNT)
			return false;
	return true;
}

static void get_answer(struct reader *in, struct message_answer *m)
{
	m->requested = get_u32(in);
	m->made = get_u32(in);
	m->moves_tried = get_u64(in);
	m->moves_done = get_u64(in);
	m->bytes_copied = get_u64(in);
	m->pages_scanned = get_u64(in);
	m->guest_ns = get_u64(in);
	m->nr_shortfall = get_u32(in);
	if (m->nr_shortfall > MESSAGE_MAX_REASONS)
		in->failed = true;
	for (uint32_t i = 0; !in->failed && i < m->nr_shortfall; i++) {
		m->shortfall[i].reason = get_u32(in);
		m->shortfall[i].regions = get_u32(in);
	}
}

static void put_answer(struct writer *out, const struct message_answer *m)
{
	put_u32(out, m->requested);
	put_u32(out, m->made);
	put_u64(out, m->moves_tried);
	put_u64(out, m->moves_done);
	put_u64(out, m->bytes_copied);
	put_u64(out, m->pages_scanned);
	put_u64(out, m->guest_ns);
	put_u32(out, m->nr_shortfall);
	for (uint32_t i = 0; i < m->nr_shortfall; i++) {
		put_u32(out, m->shortfall[i].reason);
		put_u32(out, m->shortfall[i].regions);
	}
}

bool message_detail_fits(const struct message_answer *answer,
			 const struct message_details *details, uint32_t i)
{
	uint32_t reason = details->details[i].reason;
	uint64_t regions = 0;
	uint64_t room = 0;

	for (uint32_t j = 0; j < answer->nr_shortfall; j++)
		if (answer->shortfall[j].reason == reason)
			room += answer->shortfall[j].regions;
	for (uint32_t j = 0; j <= i; j++)
		if (details->details[j].reason == reason)
			regions += details->details[j].regions;
	return regions <= room;
}

/* map */

static bool map_is_good(const struct message_map *m)
{
	uint64_t pages;

	if (!cells_are_good(m->first_gfn, m->order, m->count) ||
	    m->end_gfn.v > MESSAGE_MAX_GFNS)
		return false;
	pages = UINT64_C(1) << m->order;
	for (uint32_t i = 0; i < m->count; i++)
		if (m->cells[i].free_pages > pages ||
		    m->cells[i].movable_pages > pages ||
		    m->cells[i].unmovable_pages > pages ||
		    m->cells[i].held_pages > pages)
			return false;
	return true;
}

static void get_map(struct reader *in, struct message_map *m)
{
	m->end_gfn.v = get_u64(in);
	m->first_gfn.v = get_u64(in);
	m->order = get_u8(in);
	m->count = get_u32(in);
	if (m->count > MESSAGE_MAX_CELLS)
		in->failed = true;
	for (uint32_t i = 0; !in->failed && i < m->count; i++) {
		m->cells[i].free_pages = get_u32(in);
		m->cells[i].movable_pages = get_u32(in);
		m->cells[i].unmovable_pages = get_u32(in);
		m->cells[i].held_pages = get_u32(in);
	}
}

static void put_map(struct writer *out, const struct message_map *m)
{
	put_u64(out, m->end_gfn.v);
	put_u64(out, m->first_gfn.v);
	put_u8(out, m->order);
	put_u32(out, m->count);
	for (uint32_t i = 0; i < m->count; i++) {
		put_u32(out, m->cells[i].free_pages);
		put_u32(out, m->cells[i].movable_pages);
		put_u32(out, m->cells[i].unmovable_pages);
		put_u32(out, m->cells[i].held_pages);
	}
}

/* error */

static bool error_is_good(const struct message_error *m)
{
	return m->code >= 1 && text_is_good(m->text, MESSAGE_MAX_TEXT_BYTES);
}

static void get_error(struct reader *in, struct message_error *m)
{
	m->code = get_u32(in);
	get_text(in, m->text, MESSAGE_MAX_TEXT_BYTES);
}

static void put_error(struct writer *out, const struct message_error *m)
{
	put_u32(out, m->code);
	put_text(out, m->text);
}

/* all of them */

static bool message_is_good(const struct message *m)
{
	switch (m->type) {
	case MESSAGE_HELLO:
		return hello_is_good(&m->hello);
	case MESSAGE_STATE_GET:
		return node_is_good(m->state_get.nid, MESSAGE_ANY_NODE);
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		return request_is_good(&m->request);
	case MESSAGE_CANCEL:
	case MESSAGE_LIST:
	case MESSAGE_DONE:
		return true;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		return ids_are_good(&m->ids);
	case MESSAGE_MAP_GET:
		return map_get_is_good(&m->map_get);
	case MESSAGE_HELLO_REPLY:
		return hello_reply_is_good(&m->hello_reply);
	case MESSAGE_STATE:
		return state_is_good(&m->state);
	case MESSAGE_PROGRESS:
		return progress_is_good(&m->progress);
	case MESSAGE_REGIONS:
		return regions_are_good(&m->regions);
	case MESSAGE_DETAILS:
		return details_are_good(&m->details);
	case MESSAGE_ANSWER:
		return answer_is_good(&m->answer);
	case MESSAGE_MAP:
		return map_is_good(&m->map);
	case MESSAGE_ERROR:
		return error_is_good(&m->error);
	}
	return false;
}

static int get_message(struct reader *in, struct message *m)
{
	switch (m->type) {
	case MESSAGE_HELLO:
		get_hello(in, &m->hello);
		return 0;
	case MESSAGE_STATE_GET:
		m->state_get.nid = get_s32(in);
		return 0;
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		get_request(in, &m->request);
		return 0;
	case MESSAGE_CANCEL:
	case MESSAGE_LIST:
		return 0;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		get_ids(in, &m->ids);
		return 0;
	case MESSAGE_MAP_GET:
		get_map_get(in, &m->map_get);
		return 0;
	case MESSAGE_HELLO_REPLY:
		get_hello_reply(in, &m->hello_reply);
		return 0;
	case MESSAGE_STATE:
		get_state(in, &m->state);
		return 0;
	case MESSAGE_PROGRESS:
		get_progress(in, &m->progress);
		return 0;
	case MESSAGE_REGIONS:
		get_regions(in, &m->regions);
		return 0;
	case MESSAGE_DETAILS:
		get_details(in, &m->details);
		return 0;
	case MESSAGE_ANSWER:
		get_answer(in, &m->answer);
		return 0;
	case MESSAGE_DONE:
		m->done.done = get_u32(in);
		return 0;
	case MESSAGE_MAP:
		get_map(in, &m->map);
		return 0;
	case MESSAGE_ERROR:
		get_error(in, &m->error);
		return 0;
	}
	return -ENOTSUP;
}

static void put_message(struct writer *out, const struct message *m)
{
	switch (m->type) {
	case MESSAGE_HELLO:
		put_hello(out, &m->hello);
		break;
	case MESSAGE_STATE_GET:
		put_s32(out, m->state_get.nid);
		break;
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		put_request(out, &m->request);
		break;
	case MESSAGE_CANCEL:
	case MESSAGE_LIST:
		break;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		put_ids(out, &m->ids);
		break;
	case MESSAGE_MAP_GET:
		put_map_get(out, &m->map_get);
		break;
	case MESSAGE_HELLO_REPLY:
		put_hello_reply(out, &m->hello_reply);
		break;
	case MESSAGE_STATE:
		put_state(out, &m->state);
		break;
	case MESSAGE_PROGRESS:
		put_progress(out, &m->progress);
		break;
	case MESSAGE_REGIONS:
		put_regions(out, &m->regions);
		break;
	case MESSAGE_DETAILS:
		put_details(out, &m->details);
		break;
	case MESSAGE_ANSWER:
		put_answer(out, &m->answer);
		break;
	case MESSAGE_DONE:
		put_u32(out, m->done.done);
		break;
	case MESSAGE_MAP:
		put_map(out, &m->map);
		break;
	case MESSAGE_ERROR:
		put_error(out, &m->error);
		break;
	}
}

int message_encode(const struct message *message, uint32_t request,
		   uint64_t session, uint8_t *buf, size_t buf_bytes,
		   size_t *ret_bytes)
{
	struct frame frame = {
		.version = FRAME_VERSION,
		.type = (uint8_t)message->type,
		.request = request,
		.session = session,
	};
	struct writer out;

	if (!message_is_good(message))
		return -EINVAL;
	if (buf_bytes < FRAME_HEADER_BYTES)
		return -EMSGSIZE;
	out = (struct writer){
		.at = buf + FRAME_HEADER_BYTES,
		.left = buf_bytes - FRAME_HEADER_BYTES,
	};
	put_message(&out, message);
	if (out.failed)
		return -EMSGSIZE;
	frame.payload = buf + FRAME_HEADER_BYTES;
	frame.payload_bytes = (uint32_t)(out.at - frame.payload);
	return frame_encode(&frame, buf, buf_bytes, ret_bytes);
}

int message_decode(uint8_t type, const uint8_t *payload, size_t payload_bytes,
		   struct message *ret_message)
{
	struct reader in = { .at = payload, .left = payload_bytes };
	int err;

	ret_message->type = (enum message_type)type;
	err = get_message(&in, ret_message);
	if (err)
		return err;
	if (in.failed || !message_is_good(ret_message))
		return -EBADMSG;
	return 0;
}
