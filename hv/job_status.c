// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * status: what the guest says of its memory and what the host sees behind it.
 * The guest's part is missing when it has no agent, when that does not answer
 * or is busy with a request; its reason then stands in "agent_error".
 */
#include "hv/job_kind.h"

#include <errno.h>
#include <string.h>

#include "hv/clock.h"
#include "hv/guest_json.h"
#include "hv/pools.h"

/* Regions shown at most; the number of all is shown in any case. */
#define STATUS_MAX_REGIONS 4096
#define STATUS_TIMEOUT_NS (10 * NS_PER_S)

struct status {
	json_t *guest;
	json_t *regions;
	uint64_t nr_regions;
	bool session_busy; /* a call of this job runs */
	struct message message;
};

static void set_null(json_t *object, const char *const *keys, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		json_object_set_new(object, keys[i], json_null());
}

static void on_kvm(struct job *job, json_t *kvm)
{
	struct status *status = job->state;
	json_t *guest = status->guest;

	status->guest = NULL;
	json_object_set_new(guest, "kvm",
			    kvm != NULL ? json_incref(kvm) : json_null());
	job_succeed(job, EXIT_REACHED,
		    json_pack("{s:i, s:[o], s:{s:o}}", "version", 1, "guests",
			      guest, "host", "nodes", pools_read()));
}

static void on_looked(void *userdata, struct host_task *task)
{
	struct job *job = userdata;
	struct status *status = job->state;
	uint64_t counts[BACKING_HUGE + 1] = { 0 };
	size_t n;

	job->host_task = NULL;
	for (n = 0; task->error == 0 && n < task->run.count; n++)
		counts[task->run.ranges[n].after]++;
	if (task->error == 0) {
		json_object_set_new(status->guest, "backed",
				    json_integer((json_int_t)
							 counts[BACKING_HUGE]));
		json_object_set_new(
			status->guest, "backing",
			json_pack("{s:I, s:I, s:I, s:s}", "huge",
				  (json_int_t)counts[BACKING_HUGE], "small",
				  (json_int_t)counts[BACKING_SMALL], "none",
				  (json_int_t)counts[BACKING_NONE], "evidence",
				  task->run.hugetlb ?
					  "hugetlb" :
					  evidence_method_name(
						  task->run.used_method)));
	} else {
		json_object_set_new(status->guest, "host_error",
				    json_string(strerror(-task->error)));
	}
	host_task_free(task);
	job_ask_kvm(job, on_kvm);
}

static void look(struct job *job)
{
	struct status *status = job->state;
	struct host_task *task = NULL;
	int r;

	r = host_task_new_ram(job->process, job->map, &task);
	if (r == 0) {
		task->run.method = job->guest->evidence;
		task->run.look_only = true;
		task->done = on_looked;
		task->userdata = job;
		r = host_task_start(task, job->guest->workers);
	}
	if (r < 0) {
		host_task_free(task);
		json_object_set_new(status->guest, "host_error",
				    json_string(strerror(-r)));
		job_ask_kvm(job, on_kvm);
		return;
	}
	job->host_task = task;
}

static void agent_failed(struct job *job, const struct failure *failure)
{
	struct status *status = job->state;

	json_object_set_new(status->guest, "agent_error",
			    json_string(failure->text));
	look(job);
}

static const char *on_list_message(void *userdata,
				   const struct message *message)
{
	struct job *job = userdata;
	struct status *status = job->state;
	const struct message_regions *regions = &message->regions;
	uint32_t i;

	if (regions->first != status->nr_regions)
		return "it lists regions out of order";
	for (i = 0; i < regions->count; i++) {
		const struct message_region *region = &regions->regions[i];

		if (rammap_find(job->map, gfn_to_gpa(region->gfn),
				order_to_bytes(region->order)) == NULL)
			return "it lists a region outside the guest's RAM";
		if (status->nr_regions++ >= STATUS_MAX_REGIONS)
			continue;
		json_array_append_new(
			status->regions,
			json_pack("{s:I, s:o, s:I, s:i, s:b}", "id",
				  (json_int_t)region->id, "gpa",
				  job_hex(gfn_to_gpa(region->gfn).v), "size",
				  (json_int_t)order_to_bytes(region->order),
				  "guest_node", region->nid, "kept",
				  region->flags & MESSAGE_REGION_KEPT));
	}
	return NULL;
}

static void on_listed(void *userdata, const struct message *answer,
		      const struct failure *failure)
{
	struct job *job = userdata;
	struct status *status = job->state;
	struct failure fault;

	status->session_busy = false;
	if (failure != NULL) {
		agent_failed(job, failure);
		return;
	}
	if (answer->done.done != status->nr_regions) {
		session_fault(job->guest->session, &fault,
			      "it lists another number of regions than it "
			      "says");
		agent_failed(job, &fault);
		return;
	}
	json_object_set(status->guest, "regions", status->regions);
	look(job);
}

static const struct session_calls list_calls = {
	.message = on_list_message,
	.done = on_listed,
};

static void call(struct job *job, enum message_type type,
		 const struct session_calls *calls)
{
	struct status *status = job->state;
	struct failure failure;

	memset(&status->message, 0, sizeof(status->message));
	status->message.type = type;
	if (type == MESSAGE_STATE_GET)
		status->message.state_get.nid = MESSAGE_ANY_NODE;
	status->session_busy = true;
	if (session_call(job->guest->session, &status->message,
			 STATUS_TIMEOUT_NS, calls, job, &failure) < 0) {
		status->session_busy = false;
		agent_failed(job, &failure);
	}
}

static void on_state(void *userdata, const struct message *answer,
		     const struct failure *failure)
{
	struct job *job = userdata;
	struct status *status = job->state;
	const struct message_state *state;

	status->session_busy = false;
	if (failure != NULL) {
		agent_failed(job, failure);
		return;
	}
	state = &answer->state;
	json_object_set_new(status->guest, "free",
			    json_integer((json_int_t)state->free_blocks));
	json_object_set_new(status->guest, "clean",
			    json_integer((json_int_t)state->clean_blocks));
	/* In blocks of 2 MiB, as what stands beside it. */
	json_object_set_new(
		status->guest, "held",
		json_integer((json_int_t)(state->held_pages >> HUGE_ORDER)));
	json_object_set_new(status->guest, "held_regions",
			    json_integer((json_int_t)state->held_regions));
	json_object_set_new(
		status->guest, "memory",
		json_pack("{s:I, s:I, s:I, s:I, s:I}", "total_bytes",
			  (json_int_t)(state->total_pages * CONTIG_PAGE_BYTES),
			  "free_bytes",
			  (json_int_t)(state->free_pages * CONTIG_PAGE_BYTES),
			  "reserve_bytes",
			  (json_int_t)(state->reserve_pages *
				       CONTIG_PAGE_BYTES),
			  "blocks", (json_int_t)state->blocks, "held_bytes",
			  (json_int_t)(state->held_pages *
				       CONTIG_PAGE_BYTES)));
	call(job, MESSAGE_LIST, &list_calls);
}

static const struct session_calls state_calls = {
	.done = on_state,
};

static void start(struct job *job)
{
	static const char *const unknown[] = {
		"free",	  "clean",   "held",   "held_regions", "lent",
		"backed", "aligned", "memory", "backing",      "regions",
	};
	struct status *status = job->state;
	struct failure failure;

	status->guest = guest_to_json(job->guest);
	status->regions = json_array();
	set_null(status->guest, unknown, sizeof(unknown) / sizeof(unknown[0]));
	json_object_set_new(status->guest, "ram_bytes",
			    json_integer((json_int_t)rammap_bytes(job->map)));
	if (job->guest->session != NULL && job->exclusive) {
		call(job, MESSAGE_STATE_GET, &state_calls);
		return;
	}
	failure_set(&failure, EXIT_FAILED,
		    job->guest->session == NULL ?
			    "guest %s: has no agent configured" :
			    "guest %s: the agent is busy with a request",
		    job->guest->name);
	agent_failed(job, &failure);
}

static void cancel(struct job *job)
{
	struct status *status = job->state;

	/* The rest takes ms and ends by itself. */
	if (status->session_busy)
		session_cancel(job->guest->session);
	else if (job->host_task != NULL)
		atomic_store(&job->host_task->cancel, true);
}

static void clean(struct job *job)
{
	struct status *status = job->state;

	json_decref(status->guest);
	json_decref(status->regions);
}

const struct job_kind job_kind_status = {
	.state_bytes = sizeof(struct status),
	.is_short = true,
	.shares = true,
	.start = start,
	.cancel = cancel,
	.clean = clean,
};
