// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * back: huge pages behind what the guest uses now, from the host's side alone.
 * No agent is needed.
 */
#include "hv/job_kind.h"

#include <errno.h>
#include <string.h>

#include "hv/clock.h"

struct back {
	json_t *answer; /* waits for KVM's counters */
	enum exit_status exit;
};

static json_t *bytes_of(uint64_t huge_ranges)
{
	return json_integer((json_int_t)(huge_ranges << HUGE_SHIFT));
}

static void on_kvm(struct job *job, json_t *kvm)
{
	struct back *back = job->state;
	json_t *answer = back->answer;

	back->answer = NULL;
	if (answer != NULL)
		json_object_set_new(answer, "kvm",
				    kvm != NULL ? json_incref(kvm) :
						  json_null());
	job_succeed(job, back->exit, answer);
}

static void take_results(struct job *job, const struct host_task *task)
{
	struct back *back = job->state;
	uint64_t counts[BACK_NR_REASONS] = { 0 };
	uint64_t before = 0;
	uint64_t after = 0;
	uint64_t used = 0;
	json_t *shortfall = json_array();
	size_t n;
	int i;

	for (n = 0; n < task->run.count; n++) {
		const struct back_range *range = &task->run.ranges[n];

		before += range->before == BACKING_HUGE;
		after += range->after == BACKING_HUGE;
		used += range->after != BACKING_NONE;
		/* What the guest does not use is no shortfall here. */
		if (range->after != BACKING_NONE)
			counts[range->reason]++;
	}
	back->exit = EXIT_REACHED;
	for (i = BACK_FINE + 1; i < BACK_NR_REASONS; i++) {
		if (counts[i] == 0)
			continue;
		back->exit = EXIT_PARTLY;
		json_array_append_new(
			shortfall,
			json_pack("{s:s, s:s, s:I}", "side", "host", "reason",
				  back_reason_name((enum back_reason)i),
				  "regions", (json_int_t)counts[i]));
	}
	back->answer = json_pack(
		"{s:i, s:s, s:I, s:I, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:b}",
		"version", 1, "guest", job->guest->name, "size",
		(json_int_t)HUGE_BYTES, "ram_bytes",
		(json_int_t)rammap_bytes(job->map), "used_bytes",
		bytes_of(used), "huge_bytes_before", bytes_of(before),
		"huge_bytes_after", bytes_of(after), "evidence",
		task->run.hugetlb ? "hugetlb" :
				    evidence_method_name(task->run.used_method),
		"shortfall", shortfall, "host_ns",
		(json_int_t)task->run.host_ns, "elapsed_ns",
		(json_int_t)(clock_now_ns() - job->start_ns), "cancelled",
		job->cancelled);
}

static void on_backed(void *userdata, struct host_task *task)
{
	struct job *job = userdata;
	struct failure failure;

	job->host_task = NULL;
	if (task->error == 0) {
		take_results(job, task);
		host_task_free(task);
		job_ask_kvm(job, on_kvm);
		return;
	}
	failure_set(&failure, EXIT_FAILED,
		    "guest %s: can't look at QEMU's memory (pid %d): %s; "
		    "contigd needs to be root or QEMU's user with "
		    "CAP_SYS_PTRACE and CAP_SYS_NICE",
		    job->guest->name, (int)job->process->pid,
		    task->error == -ESRCH ? "QEMU has ended" :
					    strerror(-task->error));
	host_task_free(task);
	job_fail(job, &failure);
}

static void start(struct job *job)
{
	const struct ram_range *range;
	struct host_task *task = NULL;
	struct failure failure;
	int r;

	range = rammap_first_incongruent(job->map, (struct gpa){ 0 },
					 UINT64_C(1) << 52);
	/* One DIMM of that kind is a shortfall, and no reason to do nothing. */
	if (range != NULL && !rammap_any_congruent(job->map)) {
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: RAM at 0x%jx (%s) is mapped at 0x%jx, "
			    "which does not agree with it modulo 2 MiB, so no "
			    "huge page can stand behind it; use "
			    "memory-backend-ram or memory-backend-file with "
			    "align=2M instead of memory-backend-memfd",
			    job->guest->name, (uintmax_t)range->gpa.v,
			    range->block, (uintmax_t)range->hva.v);
		job_fail(job, &failure);
		return;
	}
	r = host_task_new_ram(job->process, job->map, &task);
	if (r == 0) {
		task->run.method = job->guest->evidence;
		task->done = on_backed;
		task->userdata = job;
		r = host_task_start(task, job->guest->workers);
	}
	if (r < 0) {
		host_task_free(task);
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: can't start to back its memory: %s",
			    job->guest->name, strerror(-r));
		job_fail(job, &failure);
		return;
	}
	job->host_task = task;
	job_watch_host_task(job);
}

static void cancel(struct job *job)
{
	if (job->host_task != NULL)
		atomic_store(&job->host_task->cancel, true);
}

static void clean(struct job *job)
{
	struct back *back = job->state;

	json_decref(back->answer);
}

const struct job_kind job_kind_back = {
	.state_bytes = sizeof(struct back),
	.start = start,
	.cancel = cancel,
	.clean = clean,
};
