// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>

#include "guest-agent/log.h"
#include "tests/fuzz/fuzz_worker.h"

int worker_start(struct worker *worker, const struct job_context *context)
{
	worker->context = *context;
	worker->state = WORKER_IDLE;
	return 0;
}

void worker_submit(struct worker *worker, struct job *job)
{
	if (worker->state != WORKER_IDLE)
		abort(); /* two jobs at a time */
	worker->job = job;
	worker->state = WORKER_BUSY;
}

void worker_cancel(struct worker *worker)
{
	if (worker->state != WORKER_BUSY)
		abort(); /* the session knows when it is done */
}

bool worker_collect(struct worker *worker)
{
	bool is_done = worker->state == WORKER_DONE;

	if (is_done)
		worker->state = WORKER_IDLE;
	return is_done;
}

bool fuzz_worker_run(struct worker *worker)
{
	if (worker->state != WORKER_BUSY)
		return false;
	job_run(worker->job, &worker->context);
	worker->state = WORKER_DONE;
	return true;
}

/* The log is not what is tested here, and would be all that is seen. */
void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}
