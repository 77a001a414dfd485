/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which messages answer which call, and how many may come: PROTOCOL.md, as
 * a table. Pure.
 */
#ifndef CONTIG_HV_SESSION_ANSWER_H
#define CONTIG_HV_SESSION_ANSWER_H

#include <stdint.h>

#include "proto/message.h"

enum session_answer {
	SESSION_ANSWER_WRONG, /* no answer to such a call */
	SESSION_ANSWER_PART, /* more follows */
	SESSION_ANSWER_LAST, /* the call ends by it */
};

/* ERROR ends every call and is not asked about here. */
enum session_answer session_answer_kind(enum message_type question,
					enum message_type answer);

/* How many parts a call of @call_ns may have. */
uint64_t session_answer_max_parts(uint64_t call_ns);

#endif
