// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs of several kinds (common/churn.h) that allocate, free, fork and
 * write all the while and check every page, among memory that stays. They are
 * stopped when memory is looked at, and only then.
 *
 * tell CONTROL thaw	lets them run
 * tell CONTROL freeze	stops them
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/guest/freezer.h"
#include "tests/bench/guest/scene.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/churn.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define FILL_PERCENT 90
#define FREE_PERCENT 60
/* Of the guest, for all programs together. */
#define PROGRAMS_PERCENT 20
/* A child of "fork" and "exit" has as much again. */
#define SHARES 8
/* Rounds that each has made before the state is ready, and after it all. */
#define ROUNDS 3
#define DEADLINE_NS UINT64_C(300000000000)

static const struct churn_kind *const kinds[] = {
	&churn_fork, &churn_exit,  &churn_shm,
	&churn_lock, &churn_tmpfs, &churn_mapped_file,
};
#define NR_KINDS (sizeof(kinds) / sizeof(*kinds))

struct board {
	atomic_bool stop;
	struct churn_count counts[NR_KINDS];
};

static struct board *board;
static pid_t workers[NR_KINDS];

static void work(const struct churn_kind *kind, struct churn *churn)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	freezer_join();
	kind->start(churn);
	while (!atomic_load(&board->stop)) {
		kind->round(churn);
		atomic_fetch_add(&churn->count->rounds, 1);
	}
	_exit(0);
}

static void start_workers(const struct scene *scene)
{
	size_t pages = scene->guest_pages * PROGRAMS_PERCENT / 100;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		control_fail("scene: mmap: %s", strerror(errno));
	for (size_t i = 0; i < NR_KINDS; i++) {
		struct churn churn = {
			.count = &board->counts[i],
			.pages = pages / SHARES,
			.seed = page_hash(scene->seed, i),
			.dir = "/tmp",
			.fd = -1,
		};

		workers[i] = fork();
		if (workers[i] < 0)
			control_fail("scene: fork: %s", strerror(errno));
		if (!workers[i])
			work(kinds[i], &churn);
	}
}

/* Until each has made so many more. */
static void wait_for_rounds(unsigned long rounds)
{
	uint64_t start_ns = stat_clock_ns();
	unsigned long goal[NR_KINDS];

	for (size_t i = 0; i < NR_KINDS; i++)
		goal[i] = atomic_load(&board->counts[i].rounds) + rounds;
	for (size_t i = 0; i < NR_KINDS; i++) {
		while (atomic_load(&board->counts[i].rounds) < goal[i]) {
			if (stat_clock_ns() - start_ns > DEADLINE_NS)
				control_fail("scene: %s makes no rounds",
					     kinds[i]->name);
			poll(NULL, 0, 10);
		}
	}
}

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;

	freezer_prepare();
	pool_open(pool, scene->seed);
	pool_grow(pool, pool->room / 100 * FILL_PERCENT);
	pool_give_percent(pool, FREE_PERCENT);
	start_workers(scene);
	wait_for_rounds(ROUNDS);
	freezer_freeze();
}

static const char *command(struct scene *scene, const char *words)
{
	(void)scene;
	if (!strcmp(words, "thaw"))
		freezer_thaw();
	else if (!strcmp(words, "freeze"))
		freezer_freeze();
	else
		return NULL;
	return "done";
}

/* Whatever was moved while they ran is looked at once more, then they end. */
static void check(struct scene *scene, struct tally *tally)
{
	freezer_thaw();
	wait_for_rounds(1);
	atomic_store(&board->stop, true);
	for (size_t i = 0; i < NR_KINDS; i++) {
		int status;

		/* A worker that dies is a page that was wrong. */
		if (waitpid(workers[i], &status, 0) != workers[i] || status)
			tally->wrong++;
		tally->checked += atomic_load(&board->counts[i].checked);
		tally->wrong += atomic_load(&board->counts[i].wrong);
	}
	scene_check_pool(scene, tally);
}

const struct scene_kind scene_live = { "live", build, check, command };
