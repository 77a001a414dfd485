// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "tests/unit/proto_samples.h"

const uint8_t sample_types[] = {
	MESSAGE_HELLO,	     MESSAGE_STATE_GET, MESSAGE_PLAN,
	MESSAGE_REQUEST,     MESSAGE_CANCEL,	MESSAGE_TOUCH,
	MESSAGE_HOLD,	     MESSAGE_RELEASE,	MESSAGE_LIST,
	MESSAGE_MAP_GET,     MESSAGE_HELLO_REPLY, MESSAGE_STATE,
	MESSAGE_PROGRESS,    MESSAGE_REGIONS,	MESSAGE_ANSWER,
	MESSAGE_DONE,	     MESSAGE_MAP,	MESSAGE_ERROR,
	MESSAGE_DETAILS,
};

const unsigned int sample_count = sizeof(sample_types);

static const struct message_request request = {
	.flags = MESSAGE_REQUEST_SYNC,
	.strategy = MESSAGE_STRATEGY_FREELIST,
	.order = 9,
	.count = 64,
	.nid = 3,
	.first_gfn = { 0x40000 },
	.nr_gfns = 0x8000,
	.max_moves = 1000000,
	.timeout_ns = UINT64_C(30000000000),
};

static const struct message_hello_reply hello_reply = {
	.version = 1,
	.features = 0,
	.kernel_api = 1,
	.kernel_errno = 0,
	.strategies = 3,
	.min_order = 9,
	.max_order = 18,
	.boot = UINT64_C(0xa1a2a3a4a5a6a7a8),
	.agent_version = "contig-agent 0.1.0",
};

static const struct message_state state = {
	.nid = MESSAGE_ANY_NODE,
	.total_pages = 262144,
	.free_pages = 131072,
	.reserve_pages = 16896,
	.blocks = 512,
	.free_blocks = 49,
	.clean_blocks = 420,
	.held_regions = 2,
	.held_pages = 1024,
};

static const struct message_region regions[2] = {
	{ .id = 7, .gfn = { 0x40000 }, .nid = 0, .order = 9 },
	{
		.id = UINT64_C(0x8000000000000001),
		.gfn = { 0x80000 },
		.nid = 1,
		.order = 18,
		.flags = MESSAGE_REGION_KEPT,
	},
};

static const struct message_details details = {
	.pages_reclaimed = 4711,
	.count = 2,
	.details = { { .reason = 2, .regions = 5, .name = "dentry" },
		     { .reason = 22,
		       .regions = 4,
		       .name = "a name of thirty-one characters" } },
};

static const struct message_answer answer = {
	.requested = 64,
	.made = 60,
	.moves_tried = 9000,
	.moves_done = 8990,
	.bytes_copied = 36823040,
	.pages_scanned = 60000,
	.guest_ns = 123456789,
	.nr_shortfall = 2,
	.shortfall = { { .reason = 11, .regions = 3 },
		       { .reason = MESSAGE_REASON_AGENT_LIMIT, .regions = 1 } },
};

static void sample_map(struct message_map *map)
{
	map->end_gfn.v = 0x140000;
	map->first_gfn.v = 0x400;
	map->order = 9;
	map->count = 2;
	map->cells[0] = (struct message_cell){ 100, 200, 12, 200 };
	map->cells[1] = (struct message_cell){ 0, 0, 0, 512 };
}

void sample_message(uint8_t type, struct message *message)
{
	memset(message, 0, sizeof(*message));
	message->type = (enum message_type)type;
	switch (message->type) {
	case MESSAGE_HELLO:
		message->hello = (struct message_hello){
			.version_min = 1,
			.version_max = 3,
			.features = UINT64_C(0x8000000000000001),
		};
		return;
	case MESSAGE_STATE_GET:
		message->state_get.nid = 2;
		return;
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		message->request = request;
		return;
	case MESSAGE_CANCEL:
	case MESSAGE_LIST:
		return;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		message->ids.count = 3;
		message->ids.ids[0] = 1;
		message->ids.ids[1] = 0x100000000;
		message->ids.ids[2] = UINT64_MAX;
		return;
	case MESSAGE_MAP_GET:
		message->map_get = (struct message_map_get){
			.first_gfn = { 0x400 },
			.order = 10,
			.count = 2048,
		};
		return;
	case MESSAGE_HELLO_REPLY:
		message->hello_reply = hello_reply;
		return;
	case MESSAGE_STATE:
		message->state = state;
		return;
	case MESSAGE_PROGRESS:
		message->progress = (struct message_progress){
			.asked = 64,
			.made = 32,
			.moves_done = 4500,
		};
		return;
	case MESSAGE_REGIONS:
		message->regions.total = 1026;
		message->regions.first = 1024;
		message->regions.count = 2;
		memcpy(message->regions.regions, regions, sizeof(regions));
		return;
	case MESSAGE_DETAILS:
		message->details = details;
		return;
	case MESSAGE_ANSWER:
		message->answer = answer;
		return;
	case MESSAGE_DONE:
		message->done.done = 3;
		return;
	case MESSAGE_MAP:
		sample_map(&message->map);
		return;
	case MESSAGE_ERROR:
		message->error.code = MESSAGE_ERROR_KERNEL;
		strcpy(message->error.text, "order 18: not \"now\"");
		return;
	}
	abort();
}
