// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/clock.h"
#include "hv/job_kind.h"

/* How often a person sees the bar move. */
#define JOB_TICK_NS (100 * NS_PER_MS)
/* Jobs that run beside another one of the same guest. */
#define JOB_MAX_SHARING 4
/* For jobs whose asker can't say. */
#define JOB_SHORT_NS (60 * NS_PER_S)

static const struct job_kind *const kinds[COMMAND_NR_KINDS] = {
	[COMMAND_REQUEST] = &job_kind_request,
	[COMMAND_RELEASE] = &job_kind_release,
	[COMMAND_BACK] = &job_kind_back,
	[COMMAND_STATUS] = &job_kind_status,
	[COMMAND_MAP] = &job_kind_map,
};

static void on_map(void *userdata, struct rammap *map,
		   const struct failure *failure)
{
	struct job *job = userdata;
	struct process *process = qmp_process(job->guest->qmp);

	job->ram_read = NULL;
	job->map = map;
	if (failure != NULL) {
		job_fail(job, failure);
		return;
	}
	/* QEMU has just answered, so its process is known. */
	job->process = process_ref(process);
	job->started = true;
	job->kind->start(job);
}

static void begin(struct job *job)
{
	struct failure failure;
	int r;

	if (job->kind->needs_agent && job->guest->session == NULL) {
		failure_set(&failure, EXIT_UNREACHABLE,
			    "guest %s: has no agent; add 'agent = PATH' of its "
			    "port's socket to the configuration",
			    job->guest->name);
		job_fail(job, &failure);
		return;
	}
	r = ram_read_start(job->guest->qmp, job->guest->name,
			   job->guest->qmp_path, on_map, job, &job->ram_read);
	if (r < 0) {
		/* EBUSY: it has not answered those that have gone away. */
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: QEMU's monitor can't be asked: %s; try "
			    "again",
			    job->guest->name, strerror(-r));
		job_fail(job, &failure);
	}
}

static int on_begin(sd_event_source *source, void *userdata)
{
	(void)source;
	begin(userdata);
	return 0;
}

static int begin_soon(struct job *job)
{
	return sd_event_add_defer(job->guest->event, &job->begin, on_begin,
				  job);
}

static void add_last(struct job **list, struct job *job)
{
	while (*list != NULL)
		list = &(*list)->next_waiting;
	*list = job;
}

static struct job *take_first(struct job **list)
{
	struct job *job = *list;

	if (job != NULL)
		*list = job->next_waiting;
	if (job != NULL)
		job->next_waiting = NULL;
	return job;
}

/* Return: was it there? */
static bool take_out(struct job **list, const struct job *job)
{
	for (; *list != NULL; list = &(*list)->next_waiting) {
		if (*list == job) {
			*list = job->next_waiting;
			return true;
		}
	}
	return false;
}

/* Takes @job off its guest; the next in line begins. */
static void leave_guest(struct job *job)
{
	struct guest *guest = job->guest;
	struct job *next = NULL;

	if (take_out(&guest->waiting, job) ||
	    take_out(&guest->waiting_to_share, job))
		return;
	if (guest->job == job) {
		next = take_first(&guest->waiting);
		guest->job = next;
		if (next != NULL)
			next->exclusive = true;
	} else if (job->sharing) {
		next = take_first(&guest->waiting_to_share);
		if (next != NULL)
			next->sharing = true;
		else
			guest->nr_sharing--;
	}
	/* Without memory for the source it begins at once, one level deep. */
	if (next != NULL && begin_soon(next) < 0)
		begin(next);
}

static void job_free(struct job *job)
{
	leave_guest(job);
	sd_event_source_disable_unref(job->begin);
	sd_event_source_disable_unref(job->ticker);
	ram_read_cancel(job->ram_read);
	qmp_forget(job->guest->qmp, job);
	if (job->state != NULL)
		job->kind->clean(job);
	free(job->state);
	free(job->map);
	process_unref(job->process);
	free(job);
}

static void end(struct job *job, enum exit_status exit, json_t *answer,
		const struct failure *failure)
{
	const struct job_client *client = job->client;
	void *userdata = job->client_userdata;

	job_free(job);
	if (client != NULL)
		client->done(userdata, exit, answer, failure);
}

void job_succeed(struct job *job, enum exit_status exit, json_t *answer)
{
	struct failure failure;

	if (answer == NULL) {
		failure_set(&failure, EXIT_FAILED,
			    "contigd: out of memory for the answer");
		job_fail(job, &failure);
		return;
	}
	end(job, exit, answer, NULL);
	json_decref(answer);
}

void job_fail(struct job *job, const struct failure *failure)
{
	struct failure copy = *failure;

	end(job, copy.exit, NULL, &copy);
}

void job_set_qemu_ended(const struct job *job, struct failure *ret_failure)
{
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: QEMU ended in the middle of the request; start "
		    "the guest again",
		    job->guest->name);
}

/* Nothing waits behind a job that may take as long as its asker likes. */
static const struct job *find_long_job(const struct guest *guest)
{
	const struct job *job;

	if (!guest->job->kind->is_short)
		return guest->job;
	for (job = guest->waiting; job != NULL; job = job->next_waiting) {
		if (!job->kind->is_short)
			return job;
	}
	return NULL;
}

static int add_to_guest(struct job *job, struct failure *ret_failure)
{
	struct guest *guest = job->guest;
	const struct job *long_job;

	if (guest->job == NULL) {
		guest->job = job;
		job->exclusive = true;
		return begin_soon(job);
	}
	long_job = find_long_job(guest);
	if (long_job == NULL) {
		add_last(&guest->waiting, job);
		return 0;
	}
	if (job->kind->shares && guest->nr_sharing == JOB_MAX_SHARING) {
		add_last(&guest->waiting_to_share, job);
		return 0;
	}
	if (job->kind->shares) {
		guest->nr_sharing++;
		job->sharing = true;
		return begin_soon(job);
	}
	failure_set(ret_failure, EXIT_FAILED,
		    "guest %s: another %s is running; wait for its end or "
		    "interrupt it",
		    guest->name, command_name(long_job->command.kind));
	return -EBUSY;
}

int job_start(struct guest *guest, const struct command *command,
	      const struct job_client *client, void *userdata,
	      struct job **ret_job, struct failure *ret_failure)
{
	uint64_t limit_ns = command->kind == COMMAND_REQUEST ?
				    command->timeout_ns :
				    JOB_SHORT_NS;
	struct job *job;
	int r;

	failure_set(ret_failure, EXIT_FAILED, "guest %s: out of memory",
		    guest->name);
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return -ENOMEM;
	job->kind = kinds[command->kind];
	job->guest = guest;
	job->command = *command;
	job->client = client;
	job->client_userdata = userdata;
	job->start_ns = clock_now_ns();
	job->deadline_ns = job->start_ns + limit_ns;
	job->state = calloc(1, job->kind->state_bytes);
	if (job->state == NULL) {
		r = -ENOMEM;
		goto free_job;
	}
	r = add_to_guest(job, ret_failure);
	if (r < 0)
		goto free_job;
	*ret_job = job;
	return 0;

free_job:
	job_free(job);
	return r;
}

void job_cancel(struct job *job)
{
	struct failure failure;

	if (job->cancelled)
		return;
	job->cancelled = true;
	if (job->started) {
		job->kind->cancel(job);
		return;
	}
	failure_set(&failure, EXIT_FAILED,
		    "guest %s: interrupted before anything was done",
		    job->guest->name);
	job_fail(job, &failure);
}

void job_abandon(struct job *job)
{
	job->client = NULL;
	job_cancel(job);
}

void job_progress(struct job *job, const char *phase, uint64_t done,
		  uint64_t total)
{
	json_t *progress;

	if (job->client == NULL || !job->command.progress)
		return;
	progress = json_pack("{s:s, s:I, s:I}", "phase", phase, "done",
			     (json_int_t)done, "total", (json_int_t)total);
	if (progress != NULL)
		job->client->progress(job->client_userdata, progress);
	json_decref(progress);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct job *job = userdata;
	size_t done;

	(void)usec;
	if (job->host_task == NULL)
		return 0;
	done = atomic_load(&job->host_task->progress);
	if (done != job->host_progress)
		job_progress(job, "backing", done, job->host_task->run.count);
	job->host_progress = done;
	sd_event_source_set_time_relative(source, JOB_TICK_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

void job_watch_host_task(struct job *job)
{
	if (!job->command.progress || job->ticker != NULL)
		return;
	/* Without it there is only no bar. */
	sd_event_add_time_relative(job->guest->event, &job->ticker,
				   CLOCK_MONOTONIC, JOB_TICK_NS / NS_PER_US, 0,
				   on_tick, job);
}

json_t *job_hex(uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

/*
 * query-stats: [{"provider": "kvm", "stats": [{"name": "pages_4k",
 * "value": 14}, ...]}]; QEMU promises neither names nor presence.
 */
static json_t *find_kvm(json_t *providers)
{
	static const char *const names[] = { "pages_4k", "pages_2m",
					     "pages_1g" };
	json_t *kvm = json_object();
	json_t *provider;
	json_t *stat;
	size_t i;
	size_t j;
	size_t n;

	json_array_foreach(providers, i, provider) {
		json_array_foreach(json_object_get(provider, "stats"), j,
				   stat) {
			const char *name = json_string_value(
				json_object_get(stat, "name"));
			json_t *value = json_object_get(stat, "value");

			for (n = 0; name != NULL && n < 3; n++) {
				if (strcmp(name, names[n]) == 0 &&
				    json_is_integer(value))
					json_object_set(kvm, name, value);
			}
		}
	}
	if (json_object_size(kvm) == 3)
		return kvm;
	json_decref(kvm);
	return NULL;
}

static void on_kvm(void *userdata, int error, json_t *result)
{
	struct job *job = userdata;
	json_t *kvm = error == 0 ? find_kvm(result) : NULL;

	job->kvm_reply(job, kvm);
	json_decref(kvm);
}

void job_ask_kvm(struct job *job, void (*reply)(struct job *job, json_t *kvm))
{
	json_t *arguments = json_pack("{s:s}", "target", "vm");

	job->kvm_reply = reply;
	if (arguments == NULL ||
	    qmp_execute(job->guest->qmp, "query-stats", arguments, on_kvm,
			job) < 0)
		reply(job, NULL);
}
