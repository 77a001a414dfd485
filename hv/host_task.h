/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at and backing QEMU's memory, away from the event loop. */
#ifndef CONTIG_HV_HOST_TASK_H
#define CONTIG_HV_HOST_TASK_H

#include "hv/back.h"
#include "hv/rammap.h"
#include "hv/worker.h"

struct host_task {
	struct worker_task task;
	struct back_run run; /* run.ranges is the task's own */
	/* Node of each range's first page, or a negative errno. */
	bool want_nodes;
	int *nodes;
	struct process *process; /* a reference */
	atomic_bool cancel;
	atomic_size_t progress;
	int error; /* of back_run() */
	void (*done)(void *userdata, struct host_task *task);
	void *userdata;
};

/**
 * host_task_new() - a task for @count ranges, which are still to be filled in
 *
 * Sort them by back_sort() before host_task_start().
 */
int host_task_new(struct process *process, size_t count,
		  struct host_task **ret_task);

/**
 * host_task_new_ram() - a task for all whole 2 MiB ranges of @map, sorted
 *
 * Their index counts them in the order of guest addresses.
 */
int host_task_new_ram(struct process *process, const struct rammap *map,
		      struct host_task **ret_task);

/*
 * Return: 0, and task->done() follows, which is to free the task; or a
 * negative errno, and the task still belongs to the caller.
 */
int host_task_start(struct host_task *task, struct worker_pool *workers);

void host_task_free(struct host_task *task);

#endif
