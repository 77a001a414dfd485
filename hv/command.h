/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client asks contigd: one line of JSON. Pure.
 *
 * { "command": "request", "guest": "web01", "order": 9, "count": 64,
 *   "node": -1, "range_start": 0, "range_bytes": 0, "strategy": "cost",
 *   "sync": false, "reclaim": false, "max_moves": 0,
 *   "timeout_ns": 60000000000, "into": "free", "dry_run": false,
 *   "progress": false }
 * { "command": "release", "guest": "web01", "ids": [1, 2] }    [] means all
 * { "command": "back" | "status" | "map", "guest": "web01" }
 * { "command": "list" }
 *
 * Keys not listed for a command are refused, those of request from "node" on
 * may be left out. While a command runs, a line {"command": "cancel"} stops it.
 *
 * contigd answers with lines: any number of {"progress": {...}}, then one of
 * {"exit": N, "answer": {...}} and {"exit": N, "error": "text"}.
 */
#ifndef CONTIG_HV_COMMAND_H
#define CONTIG_HV_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv/addr_host.h"
#include "hv/config.h"
#include "hv/failure.h"
#include "proto/message.h"

/* 4096 ids of up to 20 digits, and the rest of a line. */
#define COMMAND_MAX_BYTES (128 * 1024)

/* Time that a request may take when its asker did not say. */
#define COMMAND_DEFAULT_TIMEOUT_NS (UINT64_C(60) * 1000000000)
#define COMMAND_MAX_TIMEOUT_NS (UINT64_C(86400) * 1000000000)

enum command_kind {
	COMMAND_LIST,
	COMMAND_STATUS,
	COMMAND_REQUEST,
	COMMAND_RELEASE,
	COMMAND_BACK,
	COMMAND_MAP,
	COMMAND_CANCEL,
	COMMAND_NR_KINDS,
};

/* What becomes of the regions in the guest. */
enum command_into {
	COMMAND_INTO_FREE,
	COMMAND_INTO_HOLD,
	COMMAND_NR_INTO,
};

struct command {
	enum command_kind kind;
	char guest[CONFIG_MAX_NAME_BYTES];
	bool progress;
	/* request */
	uint8_t order;
	uint32_t count;
	int32_t nid;
	struct gpa range_start;
	uint64_t range_bytes; /* 0: anywhere */
	enum message_strategy strategy;
	bool sync;
	bool reclaim; /* clean page cache of what is emptied may be dropped */
	uint64_t max_moves; /* 0: no limit */
	uint64_t timeout_ns;
	enum command_into into;
	bool dry_run;
	/* release; 0: all */
	uint32_t nr_ids;
	uint64_t ids[MESSAGE_MAX_IDS];
};

/**
 * command_parse() - understand one line
 *
 * Every bound is checked here. Return: 0, or -EINVAL with @ret_failure.
 */
int command_parse(const char *text, size_t bytes, struct command *ret_command,
		  struct failure *ret_failure);

/* Does it change anything, in a guest or on the host? */
bool command_acts(enum command_kind kind);

const char *command_name(enum command_kind kind);
const char *command_strategy_name(enum message_strategy strategy);
/* Return: 0 or -EINVAL. */
int command_strategy_parse(const char *name,
			   enum message_strategy *ret_strategy);
const char *command_into_name(enum command_into into);
int command_into_parse(const char *name, enum command_into *ret_into);

#endif
