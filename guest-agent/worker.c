// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cancelling is a signal whose handler does nothing: without SA_RESTART it
 * makes the ioctl return. It is only sent while the job is the thread's, under
 * the lock that the thread takes to say that it is done; whatever the thread
 * does next in the kernel (it wakes the main thread through an eventfd) takes
 * the signal with it, so that it can't hit the next job.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "guest-agent/worker.h"

#define CANCEL_SIGNAL SIGUSR1
#define CANCEL_REPEAT_NS 20000000

static void ignore(int signal)
{
	(void)signal;
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	const uint64_t one = 1;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, CANCEL_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);

	pthread_mutex_lock(&worker->lock);
	while (worker->state != WORKER_STOP) {
		struct job *job;

		if (worker->state != WORKER_BUSY) {
			pthread_cond_wait(&worker->wake, &worker->lock);
			continue;
		}
		job = worker->job;
		pthread_mutex_unlock(&worker->lock);

		job_run(job, &worker->context);

		pthread_mutex_lock(&worker->lock);
		if (worker->state == WORKER_BUSY)
			worker->state = WORKER_DONE;
		/* An eventfd's counter is never full here: one job a time. */
		while (write(worker->event_fd, &one, sizeof(one)) < 0 &&
		       errno == EINTR)
			;
	}
	worker->state = WORKER_ENDED;
	pthread_cond_broadcast(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int worker_start(struct worker *worker, const struct job_context *context)
{
	struct sigaction action = { .sa_handler = ignore };
	sigset_t set, old;
	int err;

	worker->context = *context;
	worker->state = WORKER_IDLE;
	worker->job = NULL;
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->event_fd < 0)
		return -errno;
	if (sigaction(CANCEL_SIGNAL, &action, NULL)) {
		err = errno;
		goto out_close;
	}
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	/* Blocked until the thread is ready for it. */
	sigemptyset(&set);
	sigaddset(&set, CANCEL_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	err = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		return 0;
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
out_close:
	close(worker->event_fd);
	return -err;
}

static struct timespec soon(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += CANCEL_REPEAT_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

void worker_stop(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->state = WORKER_STOP;
	pthread_cond_broadcast(&worker->wake);
	while (worker->state != WORKER_ENDED) {
		struct timespec until = soon();

		/* Repeated for the reason given at worker_cancel(). */
		pthread_kill(worker->thread, CANCEL_SIGNAL);
		pthread_cond_clockwait(&worker->wake, &worker->lock,
				       CLOCK_MONOTONIC, &until);
	}
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	close(worker->event_fd);
}

void worker_submit(struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&worker->lock);
	worker->job = job;
	worker->state = WORKER_BUSY;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

void worker_cancel(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->state == WORKER_BUSY)
		pthread_kill(worker->thread, CANCEL_SIGNAL);
	pthread_mutex_unlock(&worker->lock);
}

bool worker_collect(struct worker *worker)
{
	uint64_t count;
	bool is_done;

	/* Only there to wake us; what counts is the state. */
	if (read(worker->event_fd, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&worker->lock);
	is_done = worker->state == WORKER_DONE;
	if (is_done)
		worker->state = WORKER_IDLE;
	pthread_mutex_unlock(&worker->lock);
	return is_done;
}
