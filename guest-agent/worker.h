/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread that runs one job at a time, so that the main thread can take a
 * CANCEL, tell progress and see the host go while the kernel works.
 */
#ifndef CONTIG_AGENT_WORKER_H
#define CONTIG_AGENT_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "guest-agent/job.h"

/* Who may do what with the job: */
enum worker_state {
	WORKER_IDLE, /* no job; one may be submitted */
	WORKER_BUSY, /* the job is the thread's; it may be cancelled */
	WORKER_DONE, /* the job is the caller's again; collect it first */
	WORKER_STOP, /* the thread is to end */
	WORKER_ENDED, /* it touches nothing any more */
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock; /* guards state and job */
	pthread_cond_t wake;
	enum worker_state state;
	struct job *job;
	int event_fd; /* readable when a job is done */
	struct job_context context;
};

/* Return: 0 or -errno. Signals that the caller blocks stay blocked there. */
int worker_start(struct worker *worker, const struct job_context *context);

/* Cancels what runs, waits for the thread's end. */
void worker_stop(struct worker *worker);

/* Hands @job over until worker_collect() returns true. */
void worker_submit(struct worker *worker, struct job *job);

/**
 * worker_cancel() - interrupt the kernel
 *
 * To be repeated until the job is done: the signal may come just before the
 * thread enters the kernel, where it does nothing.
 */
void worker_cancel(struct worker *worker);

/* Whether the job is done; takes it back from the worker. */
bool worker_collect(struct worker *worker);

#endif
