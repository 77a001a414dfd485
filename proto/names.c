// SPDX-License-Identifier: BSD-3-Clause
/* Names of the protocol's numbers, for logs, tables and JSON. */
#include <stddef.h>

#include "proto/message.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const type_names[] = {
	[MESSAGE_HELLO] = "HELLO",
	[MESSAGE_STATE_GET] = "STATE_GET",
	[MESSAGE_PLAN] = "PLAN",
	[MESSAGE_REQUEST] = "REQUEST",
	[MESSAGE_CANCEL] = "CANCEL",
	[MESSAGE_TOUCH] = "TOUCH",
	[MESSAGE_HOLD] = "HOLD",
	[MESSAGE_RELEASE] = "RELEASE",
	[MESSAGE_LIST] = "LIST",
	[MESSAGE_MAP_GET] = "MAP_GET",
	[MESSAGE_HELLO_REPLY] = "HELLO_REPLY",
	[MESSAGE_STATE] = "STATE",
	[MESSAGE_PROGRESS] = "PROGRESS",
	[MESSAGE_REGIONS] = "REGIONS",
	[MESSAGE_ANSWER] = "ANSWER",
	[MESSAGE_DONE] = "DONE",
	[MESSAGE_MAP] = "MAP",
	[MESSAGE_ERROR] = "ERROR",
	[MESSAGE_DETAILS] = "DETAILS",
};

static const char *const error_names[] = {
	[MESSAGE_ERROR_BAD_MESSAGE] = "bad message",
	[MESSAGE_ERROR_UNKNOWN_TYPE] = "unknown message type",
	[MESSAGE_ERROR_VERSION] = "no protocol version in common",
	[MESSAGE_ERROR_BUSY] = "busy",
	[MESSAGE_ERROR_NO_KERNEL] = "no usable /dev/coalesce",
	[MESSAGE_ERROR_LIMIT] = "over the agent's limits",
	[MESSAGE_ERROR_KERNEL] = "refused by the guest's kernel",
};

/* The names of enum coalesce_reason without their prefix. */
static const char *const reason_names[] = {
	[0] = "none",
	[1] = "reserved",
	[2] = "slab",
	[3] = "pgtable",
	[4] = "kernel",
	[5] = "hugetlb",
	[6] = "huge_page",
	[7] = "cma",
	[8] = "poison",
	[9] = "held",
	[10] = "isolated",
	[11] = "pinned",
	[12] = "locked",
	[13] = "writeback",
	[14] = "busy",
	[15] = "no_target",
	[16] = "watermark",
	[17] = "budget",
	[18] = "deadline",
	[MESSAGE_REASON_CANCELLED] = "cancelled",
	[20] = "too_small",
	[21] = "no_start",
	[22] = "stack",
};

_Static_assert(LENGTH(reason_names) == MESSAGE_NR_KERNEL_REASONS,
	       "a name for each reason of the kernel");

static const char *name_of(const char *const *names, size_t count, size_t i)
{
	return i < count && names[i] ? names[i] : "unknown";
}

const char *message_type_name(uint8_t type)
{
	return name_of(type_names, LENGTH(type_names), type);
}

const char *message_error_name(uint32_t code)
{
	return name_of(error_names, LENGTH(error_names), code);
}

const char *message_reason_name(uint32_t reason)
{
	if (reason == MESSAGE_REASON_AGENT_LIMIT)
		return "agent_limit";
	return name_of(reason_names, LENGTH(reason_names), reason);
}
