// SPDX-License-Identifier: GPL-2.0-or-later
/* release: held regions go back to the guest. */
#include "hv/job_kind.h"

#include <string.h>

#include "hv/clock.h"

#define RELEASE_TIMEOUT_NS (60 * NS_PER_S)

struct release {
	struct message message;
};

static void on_released(void *userdata, const struct message *answer,
			const struct failure *failure)
{
	struct job *job = userdata;
	uint32_t asked = job->command.nr_ids;
	struct failure fault;
	uint32_t done;

	if (failure != NULL) {
		job_fail(job, failure);
		return;
	}
	done = answer->done.done;
	if (asked != 0 && done > asked) {
		session_fault(job->guest->session, &fault,
			      "it released more regions than it was told");
		job_fail(job, &fault);
		return;
	}
	job_succeed(job,
		    asked == 0 || done >= asked ? EXIT_REACHED : EXIT_PARTLY,
		    json_pack("{s:i, s:s, s:I, s:I}", "version", 1, "guest",
			      job->guest->name, "requested",
			      (json_int_t)(asked == 0 ? done : asked),
			      "released", (json_int_t)done));
}

static const struct session_calls calls = {
	.done = on_released,
};

static void start(struct job *job)
{
	struct release *release = job->state;
	struct failure failure;

	release->message.type = MESSAGE_RELEASE;
	release->message.ids.count = job->command.nr_ids;
	memcpy(release->message.ids.ids, job->command.ids,
	       job->command.nr_ids * sizeof(job->command.ids[0]));
	if (session_call(job->guest->session, &release->message,
			 RELEASE_TIMEOUT_NS, &calls, job, &failure) < 0)
		job_fail(job, &failure);
}

static void cancel(struct job *job)
{
	/* Releasing again does no harm: the agent finishes by itself. */
	session_cancel(job->guest->session);
}

static void clean(struct job *job)
{
	(void)job;
}

const struct job_kind job_kind_release = {
	.state_bytes = sizeof(struct release),
	.needs_agent = true,
	.start = start,
	.cancel = cancel,
	.clean = clean,
};
