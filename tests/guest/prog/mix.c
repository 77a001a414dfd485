// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mix - programs of all kinds, each of which checks every page of its own
 *
 *	mix CONTROL --mib M --dir DIR [--seed S]
 *
 * A worker of each kind (see common/churn.h), which share M MiB; files are made
 * in DIR, which should be on a disk.
 *
 * tell CONTROL check	answers "checked=N wrong=M died=D" and how many rounds
 *			the slowest worker has made
 * tell CONTROL quit	stops them after their rounds; the same answer
 */
#include <errno.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "tests/guest/common/churn.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

/* A child of "fork" and "exit" has as much again. */
#define SHARES 12

static const struct churn_kind *const kinds[] = {
	&churn_fork, &churn_exit, &churn_lock, &churn_shm,
	&churn_file, &churn_mapped_file, &churn_tmpfs, &churn_ksm,
};
#define NR_WORKERS (sizeof(kinds) / sizeof(*kinds))

struct board {
	atomic_bool stop;
	struct churn_count counts[NR_WORKERS];
};

static struct board *board;
static pid_t workers[NR_WORKERS];
static unsigned int died;

static void work(const struct churn_kind *kind, struct churn *churn)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kind->start(churn);
	while (!atomic_load(&board->stop)) {
		kind->round(churn);
		atomic_fetch_add(&churn->count->rounds, 1);
	}
	exit(0);
}

static void start_worker(size_t nr, size_t pages, uint64_t seed,
			 const char *dir)
{
	struct churn churn = {
		.count = &board->counts[nr],
		.pages = pages,
		.seed = page_hash(seed, nr),
		.dir = dir,
		.fd = -1,
	};

	workers[nr] = fork();
	if (workers[nr] < 0)
		control_fail("mix: fork: %s", strerror(errno));
	if (!workers[nr])
		work(kinds[nr], &churn);
}

/* A worker that ends before it is told to has failed. */
static void reap(bool wait_for_it)
{
	for (size_t i = 0; i < NR_WORKERS; i++) {
		int status;

		if (!workers[i] ||
		    waitpid(workers[i], &status,
			    wait_for_it ? 0 : WNOHANG) <= 0)
			continue;
		workers[i] = 0;
		if (!wait_for_it || status)
			died++;
	}
}

static void report(char *buf, size_t size)
{
	unsigned long checked = 0, wrong = 0, slowest = -1UL;
	size_t who = 0;

	for (size_t i = 0; i < NR_WORKERS; i++) {
		struct churn_count *count = &board->counts[i];

		checked += atomic_load(&count->checked);
		wrong += atomic_load(&count->wrong);
		if (atomic_load(&count->rounds) < slowest) {
			slowest = atomic_load(&count->rounds);
			who = i;
		}
	}
	snprintf(buf, size, "checked=%lu wrong=%lu died=%u rounds=%lu (%s)",
		 checked, wrong, died, slowest, kinds[who]->name);
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "mib", required_argument, NULL, 'm' },
		{ "dir", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	size_t mib = 0, pages;
	const char *dir = NULL;
	uint64_t seed = 1;
	char line[256];
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'm')
			mib = strtoul(optarg, NULL, 0);
		else if (c == 'd')
			dir = optarg;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
	}
	if (optind + 1 != argc || !mib || !dir)
		control_fail("usage: see the head of mix.c");
	control_start(argv[optind]);

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		control_fail("mix: mmap: %s", strerror(errno));
	pages = (mib << 20) / PAGE_BYTES / SHARES;
	for (size_t i = 0; i < NR_WORKERS; i++)
		start_worker(i, pages, seed, dir);
	control_answer("workers=%zu pages_each=%zu", NR_WORKERS, pages);

	for (;;) {
		control_next(line, sizeof(line), -1);
		reap(false);
		if (!strcmp(line, "quit"))
			break;
		report(line, sizeof(line));
		control_answer("%s", line);
	}
	atomic_store(&board->stop, true);
	reap(true);
	report(line, sizeof(line));
	control_bye(line);
}
