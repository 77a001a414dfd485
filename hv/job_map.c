// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * map: guest memory cell by cell, what the guest uses it for, and what the
 * host has behind it.
 */
#include "hv/job_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hv/clock.h"

/* A picture with more cells than this shows nothing more to anybody. */
#define MAP_MAX_CELLS 16384
#define MAP_TIMEOUT_NS (30 * NS_PER_S)

/* 2 MiB ranges behind a cell, by enum backing. */
struct cell_backing {
	uint64_t ranges[BACKING_HUGE + 1];
};

struct map {
	uint8_t order; /* of a cell */
	uint64_t nr_cells; /* from guest address 0 to the end of RAM */
	uint64_t nr_read;
	struct message_cell *cells;
	struct cell_backing *backing;
	bool session_busy;
	const char *evidence;
	struct message message;
};

static bool cell_is_empty(const struct message_cell *cell,
			  const struct cell_backing *backing)
{
	return cell->free_pages == 0 && cell->movable_pages == 0 &&
	       cell->unmovable_pages == 0 && cell->held_pages == 0 &&
	       backing->ranges[BACKING_NONE] == 0 &&
	       backing->ranges[BACKING_SMALL] == 0 &&
	       backing->ranges[BACKING_HUGE] == 0;
}

static void succeed(struct job *job)
{
	struct map *map = job->state;
	json_t *cells = json_array();
	uint64_t i;

	for (i = 0; i < map->nr_cells; i++) {
		const struct message_cell *cell = &map->cells[i];
		const struct cell_backing *backing = &map->backing[i];

		/* The hole below 4 GiB is not drawn. */
		if (cell_is_empty(cell, backing))
			continue;
		json_array_append_new(
			cells,
			json_pack("{s:o, s:i, s:i, s:i, s:i, s:I, s:I, s:I}",
				  "gpa",
				  job_hex(i * order_to_bytes(map->order)),
				  "free", (int)cell->free_pages, "movable",
				  (int)cell->movable_pages, "unmovable",
				  (int)cell->unmovable_pages, "held",
				  (int)cell->held_pages, "huge",
				  (json_int_t)backing->ranges[BACKING_HUGE],
				  "small",
				  (json_int_t)backing->ranges[BACKING_SMALL],
				  "none",
				  (json_int_t)backing->ranges[BACKING_NONE]));
	}
	job_succeed(job, EXIT_REACHED,
		    json_pack("{s:i, s:s, s:I, s:I, s:s, s:o}", "version", 1,
			      "guest", job->guest->name, "cell_bytes",
			      (json_int_t)order_to_bytes(map->order),
			      "ram_bytes",
			      (json_int_t)rammap_bytes(job->map), "evidence",
			      map->evidence, "cells", cells));
}

/* Tasks number the 2 MiB ranges of RAM; cells number guest addresses. */
static void take_backing(struct job *job, const struct host_task *task)
{
	struct map *map = job->state;
	unsigned int shift = map->order - HUGE_ORDER;
	struct gpa first;
	size_t *order;
	size_t base = 0;
	unsigned int i;
	size_t n;

	order = calloc(task->run.count + 1, sizeof(*order));
	if (order == NULL)
		return;
	for (n = 0; n < task->run.count; n++)
		order[task->run.ranges[n].index] = n;
	for (i = 0; i < job->map->count; i++) {
		uint64_t count = rammap_huge_ranges(&job->map->ranges[i],
						    &first);
		uint64_t j;

		for (j = 0; j < count; j++) {
			uint64_t cell = ((first.v >> HUGE_SHIFT) + j) >> shift;

			if (cell < map->nr_cells)
				map->backing[cell].ranges
					[task->run.ranges[order[base + j]]
						 .after]++;
		}
		base += count;
	}
	free(order);
}

static void on_looked(void *userdata, struct host_task *task)
{
	struct job *job = userdata;
	struct map *map = job->state;
	struct failure failure;
	int error = task->error;

	job->host_task = NULL;
	if (error == 0) {
		take_backing(job, task);
		map->evidence = task->run.hugetlb ?
					"hugetlb" :
					evidence_method_name(
						task->run.used_method);
	}
	host_task_free(task);
	if (error == 0) {
		succeed(job);
		return;
	}
	failure_set(&failure, EXIT_FAILED,
		    "guest %s: can't look at QEMU's memory (pid %d): %s; "
		    "contigd needs to be root or QEMU's user with "
		    "CAP_SYS_PTRACE",
		    job->guest->name, (int)job->process->pid,
		    strerror(-error));
	job_fail(job, &failure);
}

static void look(struct job *job)
{
	struct host_task *task = NULL;
	struct failure failure;
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
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: can't look at its memory: %s",
			    job->guest->name, strerror(-r));
		job_fail(job, &failure);
		return;
	}
	job->host_task = task;
}

static void ask(struct job *job);

static void on_cells(void *userdata, const struct message *answer,
		     const struct failure *failure)
{
	struct job *job = userdata;
	struct map *map = job->state;
	const struct message_map *got;
	struct failure fault;

	map->session_busy = false;
	if (failure != NULL) {
		job_fail(job, failure);
		return;
	}
	got = &answer->map;
	if (got->first_gfn.v != map->nr_read << map->order ||
	    got->order != map->order ||
	    got->count != map->message.map_get.count) {
		session_fault(job->guest->session, &fault,
			      "it answers with another part of the map");
		job_fail(job, &fault);
		return;
	}
	memcpy(&map->cells[map->nr_read], got->cells,
	       got->count * sizeof(*map->cells));
	map->nr_read += got->count;
	if (map->nr_read < map->nr_cells)
		ask(job);
	else
		look(job);
}

static const struct session_calls calls = {
	.done = on_cells,
};

static void ask(struct job *job)
{
	struct map *map = job->state;
	uint64_t count = map->nr_cells - map->nr_read;
	struct failure failure;

	if (count > MESSAGE_MAX_CELLS)
		count = MESSAGE_MAX_CELLS;
	memset(&map->message, 0, sizeof(map->message));
	map->message.type = MESSAGE_MAP_GET;
	map->message.map_get = (struct message_map_get){
		.first_gfn = { map->nr_read << map->order },
		.order = map->order,
		.count = (uint32_t)count,
	};
	map->session_busy = true;
	if (session_call(job->guest->session, &map->message, MAP_TIMEOUT_NS,
			 &calls, job, &failure) < 0) {
		map->session_busy = false;
		job_fail(job, &failure);
	}
}

static void start(struct job *job)
{
	struct map *map = job->state;
	const struct ram_range *last =
		&job->map->ranges[job->map->count - 1];
	uint64_t end = last->gpa.v + last->bytes;
	struct failure failure;

	map->order = HUGE_ORDER;
	while (end > MAP_MAX_CELLS * order_to_bytes(map->order) &&
	       map->order < MESSAGE_MAX_CELL_ORDER)
		map->order++;
	map->nr_cells = (end + order_to_bytes(map->order) - 1) /
			order_to_bytes(map->order);
	/* 4 PiB and more, which no guest has. */
	if (map->nr_cells > MAP_MAX_CELLS)
		map->nr_cells = MAP_MAX_CELLS;
	map->cells = calloc(map->nr_cells, sizeof(*map->cells));
	map->backing = calloc(map->nr_cells, sizeof(*map->backing));
	if (map->cells == NULL || map->backing == NULL) {
		failure_set(&failure, EXIT_FAILED, "guest %s: out of memory",
			    job->guest->name);
		job_fail(job, &failure);
		return;
	}
	ask(job);
}

static void cancel(struct job *job)
{
	struct map *map = job->state;

	if (map->session_busy)
		session_cancel(job->guest->session);
}

static void clean(struct job *job)
{
	struct map *map = job->state;

	free(map->cells);
	free(map->backing);
}

const struct job_kind job_kind_map = {
	.state_bytes = sizeof(struct map),
	.needs_agent = true,
	.is_short = true,
	.start = start,
	.cancel = cancel,
	.clean = clean,
};
