// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/session_failure.h"

#include "hv/clock.h"
#include "proto/frame.h"

void session_failure_unreachable(const char *guest, const char *path,
				 const char *why, struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_UNREACHABLE,
		    "guest %s: the agent does not answer (%s); install and "
		    "start contig-agent in the guest, with a virtserialport "
		    "named org.contig.agent.0 on %s",
		    guest, why, path);
}

void session_failure_version(const char *guest, const char *text,
			     struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_UNREACHABLE,
		    "guest %s: %s; contigd speaks %d: install the "
		    "contig-agent that belongs to this contigd",
		    guest, text, FRAME_VERSION);
}

void session_failure_fault(const char *guest, const char *text,
			   struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: its agent broke the rules: %s; the guest is "
		    "left alone for a while, check what runs in it",
		    guest, text);
}

void session_failure_faulty(const char *guest, uint64_t back_off_ns,
			    struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_UNREACHABLE,
		    "guest %s: left alone for up to %ju s since its agent "
		    "broke the rules; check what runs in it, then try again",
		    guest, (uintmax_t)(back_off_ns / NS_PER_S));
}

void session_failure_no_kernel(const char *guest, const char *why,
			       struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: its kernel has no usable /dev/coalesce (%s); "
		    "boot the guest with a kernel that has CONFIG_COALESCE",
		    guest, why);
}

void session_failure_no_reclaim(const char *guest, const char *version,
				struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: its agent (%s) can't drop page cache; leave out "
		    "--reclaim, or install the contig-agent that belongs to "
		    "this contigd",
		    guest, version);
}

void session_failure_error(const char *guest,
			   const struct message_error *error,
			   struct failure *ret_failure)
{
	switch (error->code) {
	case MESSAGE_ERROR_NO_KERNEL:
		session_failure_no_kernel(guest, error->text, ret_failure);
		break;
	case MESSAGE_ERROR_LIMIT:
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: over the agent's limits: %s; release "
			    "held regions, or raise the limit in the guest",
			    guest, error->text);
		break;
	case MESSAGE_ERROR_KERNEL:
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: the guest's kernel refused: %s", guest,
			    error->text);
		break;
	case MESSAGE_ERROR_BUSY:
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: the agent is busy; try again", guest);
		break;
	default:
		failure_set(ret_failure, EXIT_FAILED,
			    "guest %s: the agent refused (%s): %s", guest,
			    message_error_name(error->code), error->text);
		break;
	}
}
