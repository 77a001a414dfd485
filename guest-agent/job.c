// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-agent/job.h"

void job_error(struct message *message, enum message_error_code code,
	       const char *format, ...)
{
	struct message_error *error = &message->error;
	va_list args;

	message->type = MESSAGE_ERROR;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	for (char *c = error->text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

static void kernel_error(struct job *job, int err)
{
	const char *what = message_type_name((uint8_t)job->ask.type);

	switch (err) {
	case -EBUSY:
		job_error(&job->reply, MESSAGE_ERROR_KERNEL,
			  "%s: another program's request is running in the guest's kernel; ask again",
			  what);
		break;
	case -EINTR:
		job_error(&job->reply, MESSAGE_ERROR_KERNEL,
			  "%s: cancelled before it was done", what);
		break;
	default:
		job_error(&job->reply, MESSAGE_ERROR_KERNEL,
			  "%s: /dev/coalesce: %s", what, strerror(-err));
	}
}

static void add_shortfall(struct message_answer *answer, uint32_t reason,
			  uint32_t regions)
{
	if (!regions || answer->nr_shortfall == MESSAGE_MAX_REASONS)
		return;
	answer->shortfall[answer->nr_shortfall++] = (struct message_shortfall){
		.reason = reason,
		.regions = regions,
	};
}

/*
 * How many regions of @request may be asked for without going over the
 * limits: less than its count is no error, none at all is neither.
 */
static int allowed_count(struct job *job, const struct job_context *context,
			 uint32_t *ret_count)
{
	const struct message_request *request = &job->ask.request;
	uint64_t held_pages = 0, max_pages, allowed;
	struct message_region *held;
	uint32_t nr_held;
	int err;

	err = device_list(context->device, &held, &nr_held);
	if (err) {
		kernel_error(job, err);
		return err;
	}
	for (uint32_t i = 0; i < nr_held; i++)
		held_pages += UINT64_C(1) << held[i].order;
	free(held);
	if (nr_held >= JOB_MAX_HELD ||
	    request->count > JOB_MAX_HELD - nr_held) {
		job_error(&job->reply, MESSAGE_ERROR_LIMIT,
			  "%u regions are held and %u asked for, but the agent can hold %u: release some",
			  nr_held, request->count, JOB_MAX_HELD);
		return -ENOSPC;
	}
	max_pages = device_guest_pages(context->device) / 100 *
		    context->max_held_percent;
	if (held_pages >= max_pages)
		allowed = 0;
	else
		allowed = (max_pages - held_pages) >> request->order;
	if (allowed > request->count)
		allowed = request->count;
	*ret_count = (uint32_t)allowed;
	return 0;
}

/* The kernel says EINVAL to a node without memory, as to much else. */
static bool lacks_node(const struct device *device, int32_t nid)
{
	struct message_state state;

	return nid != MESSAGE_ANY_NODE &&
	       device_state(device, nid, &state) == -EINVAL;
}

/* Takes one wait off the request's own time. Return: whether it had it. */
static bool has_time(struct message_request *request)
{
	const uint64_t wait_ns = JOB_BUSY_WAIT_MS * UINT64_C(1000000);

	if (!request->timeout_ns)
		return true;
	if (request->timeout_ns <= wait_ns)
		return false;
	request->timeout_ns -= wait_ns;
	return true;
}

/*
 * The kernel does one request at a time and lets nobody wait. Whose it is that
 * runs is often gone already, killed, and its request about to end; so it is
 * asked again for a while. @request is used up.
 *
 * Return: as device_request(); -EINTR also when a cancel came while it waited.
 */
static int request_in_turn(struct job *job, const struct job_context *context,
			   struct message_request *request,
			   struct message_answer *ret_answer)
{
	bool is_plan = job->ask.type == MESSAGE_PLAN;

	for (unsigned int tries = 0;; tries++) {
		int err = device_request(context->device, request, is_plan,
					 ret_answer, &job->details,
					 &job->regions);

		if (err != -EBUSY || tries >= context->busy_retries ||
		    !has_time(request))
			return err;
		/* This is the worker's thread; a cancel's signal ends it. */
		if (poll(NULL, 0, JOB_BUSY_WAIT_MS) < 0)
			return -EINTR;
	}
}

/*
 * What the kernel says of details is for people: one that can't be, or has a
 * name that can't be shown, is left out, and nothing else is wrong.
 */
static void drop_bad_details(struct message_details *details,
			     const struct message_answer *answer)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < details->count; i++) {
		details->details[left] = details->details[i];
		left += message_detail_is_good(&details->details[left]) &&
			message_detail_fits(answer, details, left);
	}
	details->count = left;
}

static void run_request(struct job *job, const struct job_context *context)
{
	struct message_request request = job->ask.request;
	struct message_answer answer = { 0 };
	uint32_t asked = request.count;
	int err;

	if (allowed_count(job, context, &request.count))
		return;
	if (request.count) {
		err = request_in_turn(job, context, &request, &answer);
		if (err == -EINTR) {
			/* The signal came before the kernel had begun. */
			add_shortfall(&answer, MESSAGE_REASON_CANCELLED,
				      request.count);
		} else if (err == -EINVAL &&
			   lacks_node(context->device, request.nid)) {
			job_error(&job->reply, MESSAGE_ERROR_KERNEL,
				  "%s: the guest has no node %" PRId32
				  " with memory of its own",
				  message_type_name((uint8_t)job->ask.type),
				  request.nid);
			return;
		} else if (err) {
			kernel_error(job, err);
			return;
		}
	}
	if (job->regions)
		job->nr_regions = answer.made;
	drop_bad_details(&job->details, &answer);
	add_shortfall(&answer, MESSAGE_REASON_AGENT_LIMIT,
		      asked - request.count);
	answer.requested = asked;
	job->reply.type = MESSAGE_ANSWER;
	job->reply.answer = answer;
}

static void done(struct job *job, uint32_t count)
{
	job->reply.type = MESSAGE_DONE;
	job->reply.done.done = count;
}

static void run_ids(struct job *job, const struct job_context *context,
		    enum device_ids_call call)
{
	const struct message_ids *ids = &job->ask.ids;
	uint32_t count;
	int err;

	err = device_ids(context->device, call, ids->ids, ids->count, &count);
	if (err) {
		kernel_error(job, err);
		return;
	}
	if (call == DEVICE_RELEASE && !ids->count)
		kept_clear(context->kept);
	done(job, count);
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void run_hold(struct job *job, const struct job_context *context)
{
	struct message_ids *ids = &job->ask.ids;
	struct message_region *held;
	uint32_t nr_held, found;
	int err;

	err = device_list(context->device, &held, &nr_held);
	if (!err) {
		qsort(ids->ids, ids->count, sizeof(ids->ids[0]), compare_ids);
		err = kept_add(context->kept, held, nr_held, ids->ids,
			       ids->count, &found);
		free(held);
	}
	if (err)
		kernel_error(job, err);
	else
		done(job, found);
}

static void run_list(struct job *job, const struct job_context *context)
{
	int err;

	err = device_list(context->device, &job->regions, &job->nr_regions);
	if (err) {
		kernel_error(job, err);
		return;
	}
	kept_mark(context->kept, job->regions, job->nr_regions);
	done(job, job->nr_regions);
}

static void run_state(struct job *job, const struct job_context *context)
{
	int err;

	err = device_state(context->device, job->ask.state_get.nid,
			   &job->reply.state);
	if (err)
		kernel_error(job, err);
	else
		job->reply.type = MESSAGE_STATE;
}

static void run_map(struct job *job, const struct job_context *context)
{
	int err;

	err = device_map(context->device, &job->ask.map_get, &job->reply.map);
	if (err)
		kernel_error(job, err);
	else
		job->reply.type = MESSAGE_MAP;
}

static void run_ask(struct job *job, const struct job_context *context)
{
	switch (job->ask.type) {
	case MESSAGE_STATE_GET:
		run_state(job, context);
		break;
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		run_request(job, context);
		break;
	case MESSAGE_TOUCH:
		run_ids(job, context, DEVICE_TOUCH);
		break;
	case MESSAGE_HOLD:
		run_hold(job, context);
		break;
	case MESSAGE_RELEASE:
		run_ids(job, context, DEVICE_RELEASE);
		break;
	case MESSAGE_LIST:
		run_list(job, context);
		break;
	case MESSAGE_MAP_GET:
		run_map(job, context);
		break;
	default:
		job_error(&job->reply, MESSAGE_ERROR_UNKNOWN_TYPE,
			  "type %u is not a request", job->ask.type);
	}
}

static int release_unkept(const struct job_context *context,
			  const struct message_region *held, uint32_t nr_held,
			  uint32_t *ret_released)
{
	uint64_t *ids;
	uint32_t count = 0;
	int err = 0;

	ids = calloc(DEVICE_MAX_IDS, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr_held; i++) {
		uint32_t released;

		if (!(held[i].flags & MESSAGE_REGION_KEPT))
			ids[count++] = held[i].id;
		if (!count || (count < DEVICE_MAX_IDS && i + 1 < nr_held))
			continue;
		err = device_ids(context->device, DEVICE_RELEASE, ids, count,
				 &released);
		if (err)
			break;
		*ret_released += released;
		count = 0;
	}
	free(ids);
	return err;
}

static void run_clean(struct job *job, const struct job_context *context)
{
	struct message_region *held;
	uint32_t nr_held;
	uint32_t count;

	if (!context->kept->count) {
		/* The usual case, and one that needs no memory. */
		job->err = device_ids(context->device, DEVICE_RELEASE, NULL, 0,
				      &job->released);
		return;
	}
	job->err = device_list(context->device, &held, &nr_held);
	if (job->err)
		return;
	kept_mark(context->kept, held, nr_held);
	for (count = 0; count < nr_held; count++)
		job->nr_kept += !!(held[count].flags & MESSAGE_REGION_KEPT);
	job->err = release_unkept(context, held, nr_held, &job->released);
	free(held);
}

void job_run(struct job *job, const struct job_context *context)
{
	job->regions = NULL;
	job->nr_regions = 0;
	job->details = (struct message_details){ 0 };
	job->err = 0;
	job->released = 0;
	job->nr_kept = 0;
	if (job->kind == JOB_CLEAN)
		run_clean(job, context);
	else
		run_ask(job, context);
}

void job_free(struct job *job)
{
	free(job->regions);
	job->regions = NULL;
	job->nr_regions = 0;
}
