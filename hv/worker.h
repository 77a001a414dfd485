/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocking work away from the event loop.
 *
 * Each task gets a thread of its own, so that a process whose /proc files or
 * address space are slow to look at holds up its own guest only. There is at
 * most one task per guest, which bounds the threads.
 */
#ifndef CONTIG_HV_WORKER_H
#define CONTIG_HV_WORKER_H

#include <systemd/sd-event.h>

struct worker_pool;

struct worker_task {
	/* In the thread; @task belongs to it alone meanwhile. */
	void (*work)(struct worker_task *task);
	/* Back on the loop; @task may be freed here. */
	void (*done)(struct worker_task *task);
	struct worker_pool *pool; /* the pool's own */
	struct worker_task *next; /* the pool's own */
};

int worker_pool_new(sd_event *event, struct worker_pool **ret_pool);

/**
 * worker_submit() - start a task
 *
 * Return: 0, and task->done will be called; or what pthread_create() said, and
 * the task still belongs to the caller.
 */
int worker_submit(struct worker_pool *pool, struct worker_task *task);

/* Tasks begun and not yet done. */
unsigned int worker_running(const struct worker_pool *pool);

/* Only when none is running. */
void worker_pool_free(struct worker_pool *pool);

#endif
