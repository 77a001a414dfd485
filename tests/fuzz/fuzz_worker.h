/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's worker without a thread: a job runs when the fuzzer says so. */
#ifndef CONTIG_TESTS_FUZZ_FUZZ_WORKER_H
#define CONTIG_TESTS_FUZZ_FUZZ_WORKER_H

#include <stdbool.h>

#include "guest-agent/worker.h"

/* Runs the job that was submitted. Return: whether there was one. */
bool fuzz_worker_run(struct worker *worker);

#endif
