/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user is told when a guest's agent did not do what was asked: which
 * guest, what is wrong, what to do. Pure.
 *
 * EXIT_UNREACHABLE means that nobody answers there, EXIT_FAILED that somebody
 * did, and said no or what can't be.
 */
#ifndef CONTIG_HV_SESSION_FAILURE_H
#define CONTIG_HV_SESSION_FAILURE_H

#include <stdint.h>

#include "hv/failure.h"
#include "proto/message.h"

/* @why: "no answer to HELLO"; @path: of the agent's socket. */
void session_failure_unreachable(const char *guest, const char *path,
				 const char *why, struct failure *ret_failure);

/* @text: what the agent says of the versions that it knows. */
void session_failure_version(const char *guest, const char *text,
			     struct failure *ret_failure);

/* @text: the rule that was broken, "it lists regions out of order". */
void session_failure_fault(const char *guest, const char *text,
			   struct failure *ret_failure);

/* Nothing is sent to a guest that broke the rules, for @back_off_ns in all. */
void session_failure_faulty(const char *guest, uint64_t back_off_ns,
			    struct failure *ret_failure);

/* @why: what is wrong with /dev/coalesce. */
void session_failure_no_kernel(const char *guest, const char *why,
			       struct failure *ret_failure);

/* @version: of the agent, as it says. */
void session_failure_no_reclaim(const char *guest, const char *version,
				struct failure *ret_failure);

/* The agent's answer was ERROR. */
void session_failure_error(const char *guest,
			   const struct message_error *error,
			   struct failure *ret_failure);

#endif
