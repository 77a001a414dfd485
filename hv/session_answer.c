// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/session_answer.h"

#include <stdbool.h>

#include "hv/clock.h"

/* PROGRESS comes 10 times a second, and a clock may be wrong. */
#define MAX_PROGRESS_PER_S 50

enum session_answer session_answer_kind(enum message_type question,
					enum message_type answer)
{
	enum message_type last;
	bool has_regions = false;
	bool has_progress = false;
	bool has_details = false;

	switch (question) {
	case MESSAGE_STATE_GET:
		last = MESSAGE_STATE;
		break;
	case MESSAGE_REQUEST:
		has_regions = true;
		has_progress = true;
		has_details = true;
		last = MESSAGE_ANSWER;
		break;
	case MESSAGE_PLAN:
		has_details = true;
		last = MESSAGE_ANSWER;
		break;
	case MESSAGE_LIST:
		has_regions = true;
		last = MESSAGE_DONE;
		break;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		last = MESSAGE_DONE;
		break;
	case MESSAGE_MAP_GET:
		last = MESSAGE_MAP;
		break;
	default:
		return SESSION_ANSWER_WRONG;
	}
	if (answer == last)
		return SESSION_ANSWER_LAST;
	if ((has_regions && answer == MESSAGE_REGIONS) ||
	    (has_details && answer == MESSAGE_DETAILS) ||
	    (has_progress && answer == MESSAGE_PROGRESS))
		return SESSION_ANSWER_PART;
	return SESSION_ANSWER_WRONG;
}

uint64_t session_answer_max_parts(uint64_t call_ns)
{
	/* At worst each region comes in a frame of its own; and details. */
	return MESSAGE_MAX_COUNT + 1 +
	       (call_ns / NS_PER_S + 1) * MAX_PROGRESS_PER_S;
}
