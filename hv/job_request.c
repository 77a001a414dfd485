// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request: have the guest make regions, put huge pages behind them, see that
 * they are there, then let the guest keep or have them.
 *
 * The regions belong to the agent, which holds them for contigd, from the
 * guest's answer to the KEEP step. Whatever goes wrong between the two leads
 * through KEEP as a release, or to a new session, by which the agent releases
 * them too. If contigd dies, its end of the socket closes: same effect.
 */
#include "hv/job_request.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hv/clock.h"
#include "hv/log.h"

/* A touch writes one page of each 2 MiB; the rest is the guest being slow. */
#define TOUCH_TIMEOUT_NS (60 * NS_PER_S)
/* What one message may have the guest touch in that time. */
#define TOUCH_MAX_HUGE_RANGES MESSAGE_MAX_IDS
/* What the host adds to the time that the guest was given. */
#define GRACE_NS (10 * NS_PER_S)

static const char *const state_names[] = {
	[REQUEST_BEGIN] = "begin", [REQUEST_MAKE] = "make",
	[REQUEST_TOUCH] = "touch", [REQUEST_BACK] = "back",
	[REQUEST_KVM] = "kvm",	   [REQUEST_KEEP] = "keep",
};

static_assert(sizeof(state_names) / sizeof(state_names[0]) == REQUEST_NR_STATES,
	      "each state has a name");

/* Of request->nodes, where no node is: not even numbers of errors. */
#define NODE_UNSEEN INT_MIN
#define NODE_MIXED (INT_MIN + 1)

static void keep(struct job *job);

static struct request *state_of(struct job *job)
{
	return job->state;
}

static void set_state(struct job *job, enum request_state state)
{
	state_of(job)->state = state;
}

/* The regions made are given back before the job fails. */
static void fail_after_release(struct job *job)
{
	struct request *request = state_of(job);

	request->failed = true;
	request->release = true;
	keep(job);
}

/*
 * A call has failed, and what the agent did is not known: it begins anew, by
 * which it releases all that is not kept. What went wrong first is what counts,
 * unless QEMU's end explains it all.
 */
static void fail_for_good(struct job *job, const struct failure *failure)
{
	struct request *request = state_of(job);
	struct failure first = request->failed ? request->failure : *failure;
	struct failure final = first;

	session_drop(job->guest->session);
	if (process_ended(job->process))
		job_set_qemu_ended(job, &final);
	else if (request->may_hold)
		failure_set(&final, first.exit,
			    "%s; some of its regions may stay held: 'contigctl "
			    "release %s --all' gives them back",
			    first.text, job->guest->name);
	job_fail(job, &final);
}

static void succeed(struct job *job)
{
	const struct request *request = state_of(job);
	uint32_t reached = job->command.dry_run ? request->answer.made :
						  request->backed;

	job_succeed(job,
		    reached == job->command.count && !job->cancelled ?
			    EXIT_REACHED :
			    EXIT_PARTLY,
		    job_request_answer(job));
}

/* ---- messages with ids: TOUCH, HOLD, RELEASE -------------------------- */

static void on_ids_done(void *userdata, const struct message *answer,
			const struct failure *failure);

static const struct session_calls ids_calls = {
	.done = on_ids_done,
};

static enum message_type ids_type(const struct job *job)
{
	const struct request *request = job->state;

	if (request->state == REQUEST_TOUCH)
		return MESSAGE_TOUCH;
	if (job->command.into == COMMAND_INTO_HOLD && !request->release)
		return MESSAGE_HOLD;
	return MESSAGE_RELEASE;
}

/* At least 8, since the largest region has 512 times 2 MiB. */
static uint32_t max_ids(const struct job *job, enum message_type type)
{
	if (type != MESSAGE_TOUCH)
		return MESSAGE_MAX_IDS;
	return TOUCH_MAX_HUGE_RANGES >> (job->command.order - HUGE_ORDER);
}

/* The next ids, as many as one message takes. */
static void send_ids(struct job *job)
{
	struct request *request = state_of(job);
	struct message_ids *ids = &request->message.ids;
	struct failure failure;
	uint32_t i;
	int r;

	memset(&request->message, 0, sizeof(request->message));
	request->message.type = ids_type(job);
	if (request->message.type == MESSAGE_HOLD)
		request->may_hold = true;
	ids->count = request->nr_regions - request->nr_done;
	if (ids->count > max_ids(job, request->message.type))
		ids->count = max_ids(job, request->message.type);
	for (i = 0; i < ids->count; i++)
		ids->ids[i] = request->regions[request->nr_done + i].id;
	request->nr_sent = ids->count;
	r = session_call(job->guest->session, &request->message,
			 TOUCH_TIMEOUT_NS, &ids_calls, job, &failure);
	if (r < 0)
		fail_for_good(job, &failure);
}

/* ---- KEEP: the regions are the guest's again, or kept ----------------- */

static void finish(struct job *job)
{
	struct request *request = state_of(job);

	if (request->failed)
		job_fail(job, &request->failure);
	else
		succeed(job);
}

static void keep(struct job *job)
{
	struct request *request = state_of(job);

	set_state(job, REQUEST_KEEP);
	if (job->cancelled)
		request->release = true;
	request->nr_done = 0;
	if (request->nr_regions == 0)
		finish(job);
	else
		send_ids(job);
}

/* ---- KVM -------------------------------------------------------------- */

static void on_kvm(struct job *job, json_t *kvm)
{
	state_of(job)->kvm = json_incref(kvm);
	keep(job);
}

/* ---- BACK ------------------------------------------------------------- */

/* Several 2 MiB ranges may make one region: it is on a node when all are. */
static void take_node(struct request *request, uint32_t i, int node)
{
	if (request->nodes[i] == NODE_UNSEEN)
		request->nodes[i] = node;
	else if (request->nodes[i] != node)
		request->nodes[i] = NODE_MIXED;
}

/* Likewise it is as good as its worst. */
static void take_results(struct job *job, const struct host_task *task)
{
	struct request *request = state_of(job);
	uint32_t i;
	size_t n;

	request->looked = true;
	request->method = task->run.used_method;
	request->hugetlb = task->run.hugetlb;
	request->host_ns = task->run.host_ns;
	for (i = 0; i < request->nr_regions; i++)
		request->nodes[i] = NODE_UNSEEN;
	for (n = 0; n < task->run.count; n++) {
		const struct back_range *range = &task->run.ranges[n];

		if (range->reason != BACK_FINE)
			request->reasons[range->index] = range->reason;
		take_node(request, range->index, task->nodes[n]);
	}
	for (i = 0; i < request->nr_regions; i++) {
		if (request->reasons[i] == BACK_FINE)
			request->backed++;
	}
}

static void on_backed(void *userdata, struct host_task *task)
{
	struct job *job = userdata;
	struct request *request = state_of(job);
	int error = task->error;

	job->host_task = NULL;
	if (error == 0)
		take_results(job, task);
	host_task_free(task);
	if (error == 0) {
		job_progress(job, "backing", request->backed,
			     request->nr_regions);
		set_state(job, REQUEST_KVM);
		job_ask_kvm(job, on_kvm);
		return;
	}
	if (error == -ESRCH)
		job_set_qemu_ended(job, &request->failure);
	else
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: can't look at QEMU's memory (pid %d): "
			    "%s; contigd needs to be root or QEMU's user with "
			    "CAP_SYS_PTRACE and CAP_SYS_NICE",
			    job->guest->name, (int)job->process->pid,
			    strerror(-error));
	fail_after_release(job);
}

static int start_backing(struct job *job)
{
	struct request *request = state_of(job);
	uint64_t in_region = UINT64_C(1) << (job->command.order - HUGE_ORDER);
	struct host_task *task;
	size_t n = 0;
	uint32_t i;
	uint64_t j;
	int r;

	/* They lie apart in RAM: no more ranges than the guest's RAM has. */
	r = host_task_new(job->process, request->nr_regions * in_region, &task);
	if (r < 0)
		return r;
	for (i = 0; i < request->nr_regions; i++) {
		struct gpa gpa = gfn_to_gpa(request->regions[i].gfn);
		struct hva hva = request->hvas[i];

		for (j = 0; j < in_region; j++) {
			task->run.ranges[n++] = (struct back_range){
				.hva = { hva.v + (j << HUGE_SHIFT) },
				.congruent = addr_congruent(gpa, hva),
				.index = i,
			};
		}
	}
	back_sort(task->run.ranges, task->run.count);
	task->run.method = job->guest->evidence;
	task->run.deadline_ns = job->deadline_ns;
	task->want_nodes = true;
	task->done = on_backed;
	task->userdata = job;
	r = host_task_start(task, job->guest->workers);
	if (r < 0) {
		host_task_free(task);
		return r;
	}
	job->host_task = task;
	job_watch_host_task(job);
	return 0;
}

static void back(struct job *job)
{
	struct request *request = state_of(job);
	int r;

	set_state(job, REQUEST_BACK);
	r = start_backing(job);
	if (r < 0) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: can't start to back its regions: %s",
			    job->guest->name, strerror(-r));
		fail_after_release(job);
	}
}

/* ---- TOUCH ------------------------------------------------------------ */

static void on_ids_failed(struct job *job, const struct failure *failure)
{
	struct request *request = state_of(job);

	if (process_ended(job->process)) {
		fail_for_good(job, failure);
	} else if (request->state == REQUEST_TOUCH && job->cancelled &&
		   failure->exit == EXIT_FAILED &&
		   session_state(job->guest->session) != SESSION_FAULTY) {
		/* It was told to stop, and did. */
		keep(job);
	} else if (ids_type(job) == MESSAGE_HOLD) {
		/* Some may be kept, and those outlive the session. */
		request->failure = *failure;
		fail_after_release(job);
	} else {
		fail_for_good(job, failure);
	}
}

static void set_lost(const struct job *job, uint32_t count,
		     struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: the agent lost %" PRIu32
		    " of the regions in the middle of the request (did it "
		    "start again?); ask again",
		    job->guest->name, count);
}

static void on_ids_done(void *userdata, const struct message *answer,
			const struct failure *failure)
{
	struct job *job = userdata;
	struct request *request = state_of(job);
	struct failure lost;

	if (failure != NULL) {
		on_ids_failed(job, failure);
		return;
	}
	if (answer->done.done > request->nr_sent) {
		session_fault(job->guest->session, &request->failure,
			      "it dealt with more regions than it was told");
		job_fail(job, &request->failure);
		return;
	}
	/* What is gone was given back, which is all that a release wants. */
	if (answer->done.done < request->nr_sent && !request->release &&
	    !job->cancelled) {
		set_lost(job, request->nr_sent - answer->done.done, &lost);
		on_ids_failed(job, &lost);
		return;
	}
	request->nr_done += request->nr_sent;
	if (job->cancelled && !request->release) {
		keep(job);
		return;
	}
	if (request->nr_done < request->nr_regions) {
		send_ids(job);
		return;
	}
	if (request->state == REQUEST_TOUCH)
		back(job);
	else
		finish(job);
}

/* ---- MAKE ------------------------------------------------------------- */

static const char *on_message(void *userdata, const struct message *message)
{
	struct job *job = userdata;
	struct request *request = state_of(job);
	const struct message_regions *regions = &message->regions;

	if (request->have_details)
		return "it has more to say after the details of its answer";
	if (message->type == MESSAGE_DETAILS) {
		request->have_details = true;
		request->details = message->details;
		return NULL;
	}
	if (message->type == MESSAGE_PROGRESS) {
		job_progress(job, "making", message->progress.made,
			     message->progress.asked);
		return NULL;
	}
	if (regions->total > job->command.count ||
	    regions->first != request->nr_regions ||
	    regions->count > regions->total - regions->first)
		return "it names regions out of order or more than were asked "
		       "for";
	memcpy(&request->regions[request->nr_regions], regions->regions,
	       regions->count * sizeof(*request->regions));
	request->nr_regions += regions->count;
	return NULL;
}

static void on_made(void *userdata, const struct message *answer,
		    const struct failure *failure)
{
	struct job *job = userdata;
	struct request *request = state_of(job);
	int r;

	if (failure != NULL) {
		/* Regions may have been made all the same; give them back. */
		fail_for_good(job, failure);
		return;
	}
	request->answer = answer->answer;
	r = job_request_check_regions(job);
	if (r < 0) {
		/* By either the agent gives back what it made. */
		if (r == -ENOMEM)
			session_drop(job->guest->session);
		job_fail(job, &request->failure);
		return;
	}
	if (job->command.dry_run || request->nr_regions == 0) {
		succeed(job);
		return;
	}
	if (job->cancelled) {
		keep(job);
		return;
	}
	set_state(job, REQUEST_TOUCH);
	job_progress(job, "backing", 0, request->nr_regions);
	send_ids(job);
}

static const struct session_calls make_calls = {
	.message = on_message,
	.done = on_made,
};

static void start(struct job *job)
{
	struct request *request = state_of(job);
	const struct command *command = &job->command;
	struct message *message = &request->message;
	uint64_t now_ns = clock_now_ns();
	uint64_t left_ns;
	int r;

	if (!job_request_check_hello(job) || !job_request_check_map(job)) {
		job_fail(job, &request->failure);
		return;
	}
	/* Room for all that the guest may name: 65536 take 1.5 MiB. */
	request->regions = calloc(command->count, sizeof(*request->regions));
	if (request->regions == NULL) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: out of memory", job->guest->name);
		job_fail(job, &request->failure);
		return;
	}
	left_ns = job->deadline_ns > now_ns ? job->deadline_ns - now_ns : 1;
	message->type = command->dry_run ? MESSAGE_PLAN : MESSAGE_REQUEST;
	message->request = (struct message_request){
		.flags = (command->sync ? MESSAGE_REQUEST_SYNC : 0) |
			 (command->reclaim ? MESSAGE_REQUEST_RECLAIM : 0),
		.strategy = (uint8_t)command->strategy,
		.order = command->order,
		.count = command->count,
		.nid = command->nid,
		.first_gfn = gpa_to_gfn(command->range_start),
		.nr_gfns = command->range_bytes >> CONTIG_PAGE_SHIFT,
		.max_moves = command->max_moves,
		.timeout_ns = left_ns,
	};
	if (command->range_bytes == 0)
		message->request.first_gfn.v = 0;
	set_state(job, REQUEST_MAKE);
	job_progress(job, "making", 0, command->count);
	r = session_call(job->guest->session, message, left_ns + GRACE_NS,
			 &make_calls, job, &request->failure);
	if (r < 0)
		job_fail(job, &request->failure);
}

static void cancel(struct job *job)
{
	struct request *request = state_of(job);

	log_guest(&job->guest->log_limit, job->guest->name,
		  "request interrupted in step '%s'",
		  state_names[request->state]);
	switch (request->state) {
	case REQUEST_MAKE:
	case REQUEST_TOUCH:
		session_cancel(job->guest->session);
		break;
	case REQUEST_BACK:
		atomic_store(&job->host_task->cancel, true);
		break;
	case REQUEST_BEGIN:
	case REQUEST_KVM: /* keep() looks */
	case REQUEST_KEEP: /* on_ids_done() looks */
	case REQUEST_NR_STATES:
		break;
	}
}

static void clean(struct job *job)
{
	struct request *request = state_of(job);

	free(request->regions);
	free(request->reasons);
	free(request->hvas);
	free(request->nodes);
	json_decref(request->kvm);
}

const struct job_kind job_kind_request = {
	.state_bytes = sizeof(struct request),
	.needs_agent = true,
	.start = start,
	.cancel = cancel,
	.clean = clean,
};
