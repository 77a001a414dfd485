// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the work needs at most: a few buffers of some KiB. */
#define WORKER_STACK_BYTES (256 * 1024)

struct worker_pool {
	int event_fd;
	sd_event_source *source;
	pthread_attr_t attr;
	pthread_mutex_t lock; /* protects finished */
	struct worker_task *finished;
	unsigned int running; /* the loop's thread only */
};

static void *worker_main(void *arg)
{
	struct worker_task *task = arg;
	struct worker_pool *pool = task->pool;
	const uint64_t one = 1;
	ssize_t written;

	task->work(task);

	pthread_mutex_lock(&pool->lock);
	task->next = pool->finished;
	pool->finished = task;
	/*
	 * Inside the lock: once the loop can see the task, nothing here may
	 * touch the pool any more. An eventfd takes 2^64-2 of these.
	 */
	written = write(pool->event_fd, &one, sizeof(one));
	(void)written;
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int worker_on_finished(sd_event_source *source, int fd,
			      uint32_t revents, void *userdata)
{
	struct worker_pool *pool = userdata;
	struct worker_task *task;
	struct worker_task *next;
	uint64_t count;
	ssize_t got;

	(void)source;
	(void)revents;
	got = read(fd, &count, sizeof(count));
	(void)got;
	pthread_mutex_lock(&pool->lock);
	task = pool->finished;
	pool->finished = NULL;
	pthread_mutex_unlock(&pool->lock);
	for (; task != NULL; task = next) {
		next = task->next;
		pool->running--;
		task->done(task);
	}
	return 0;
}

int worker_pool_new(sd_event *event, struct worker_pool **ret_pool)
{
	struct worker_pool *pool;
	int r;

	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->event_fd < 0) {
		r = -errno;
		goto free_pool;
	}
	r = sd_event_add_io(event, &pool->source, pool->event_fd, EPOLLIN,
			    worker_on_finished, pool);
	if (r < 0)
		goto close_event_fd;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_attr_init(&pool->attr);
	pthread_attr_setdetachstate(&pool->attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&pool->attr, WORKER_STACK_BYTES);
	*ret_pool = pool;
	return 0;

close_event_fd:
	close(pool->event_fd);
free_pool:
	free(pool);
	return r;
}

int worker_submit(struct worker_pool *pool, struct worker_task *task)
{
	sigset_t all;
	sigset_t old;
	pthread_t thread;
	int r;

	task->pool = pool;
	task->next = NULL;
	/* Signals are the loop's: it has them blocked and in a signalfd. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &pool->attr, worker_main, task);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return -r;
	pool->running++;
	return 0;
}

unsigned int worker_running(const struct worker_pool *pool)
{
	return pool->running;
}

void worker_pool_free(struct worker_pool *pool)
{
	if (pool == NULL)
		return;
	sd_event_source_disable_unref(pool->source);
	close(pool->event_fd);
	pthread_attr_destroy(&pool->attr);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
