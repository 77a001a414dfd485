// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs that want much memory in large pieces, of orders 4 to 9, while
 * memory is short and scattered: rings of packet sockets, of one block each
 * (packet_ring.h).
 *
 * Anonymous large pages would not do for this: stock compaction makes every one
 * of them, as long as memory is not used up. Memory for the kernel itself it
 * hardly makes.
 *
 * tell CONTROL want P	takes P percent of them; answers "tried=N met=M
 *			took_ns=T"
 * tell CONTROL search P	the same, but asks the search of 2005 before,
 *			for what is not there
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/guest/scene.h"
#include "tests/bench/guest/search.h"
#include "tests/bench/guest/shortage.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/packet_ring.h"
#include "tests/guest/common/page.h"

#define MIN_ORDER 4
#define MAX_ORDER 9
/*
 * Of the guest, beyond the high watermarks: free, and wanted. With 12% free all
 * is met by the call as well, but without it the OOM killer ends the program.
 */
#define FREE_PERCENT 20
#define WANT_PERCENT 8
#define MAX_PIECES 4096

/* Page i of all pieces together has the checksum i. */
struct piece {
	char *start;
	unsigned int order;
};

static struct piece pieces[MAX_PIECES];
static size_t nr_pieces, nr_pages;

/* A socket for each piece, and more than the usual limit of them. */
static void prepare_files(void)
{
	struct rlimit limit = { MAX_PIECES + 64, MAX_PIECES + 64 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		control_fail("scene: setrlimit: %s", strerror(errno));
}

static void build(struct scene *scene)
{
	pool_open(&scene->pool, scene->seed);
	shortage_leave(&scene->pool, scene->guest_pages * FREE_PERCENT / 100);
	prepare_files();
}

static uint64_t take_piece(struct piece *piece, unsigned int order)
{
	uint64_t start_ns = stat_clock_ns(), took_ns;

	piece->order = order;
	piece->start = packet_ring(order);
	took_ns = stat_clock_ns() - start_ns;
	for (size_t i = 0; i < 1u << order; i++)
		page_fill(piece->start + i * PAGE_BYTES, 0, nr_pages++);
	return took_ns;
}

static const char *want(struct scene *scene, bool search, unsigned int share)
{
	size_t goal = scene->guest_pages * WANT_PERCENT / 100 * share / 100;
	unsigned int met[MAX_ORDER + 1] = { 0 }, sum = 0;
	unsigned int order = MAX_ORDER;
	static char answer[256];
	uint64_t took_ns = 0;

	/* One of each size, in turns. */
	while (nr_pages < goal && nr_pieces < MAX_PIECES) {
		struct piece *piece = &pieces[nr_pieces++];

		if (search)
			took_ns += search_for(order);
		took_ns += take_piece(piece, order);
		met[order] += packet_ring_is_whole(piece->start, order);
		order = order == MIN_ORDER ? MAX_ORDER : order - 1;
	}
	for (order = MIN_ORDER; order <= MAX_ORDER; order++)
		sum += met[order];
	snprintf(answer, sizeof(answer),
		 "tried=%zu met=%u took_ns=%" PRIu64
		 " met_by_order=%u,%u,%u,%u,%u,%u",
		 nr_pieces, sum, took_ns, met[4], met[5], met[6], met[7],
		 met[8], met[9]);
	return answer;
}

static const char *command(struct scene *scene, const char *words)
{
	unsigned int share;

	if (sscanf(words, "want %u", &share) == 1)
		return want(scene, false, share);
	if (sscanf(words, "search %u", &share) == 1)
		return want(scene, true, share);
	return NULL;
}

static void check(struct scene *scene, struct tally *tally)
{
	uint64_t page = 0;

	scene_check_pool(scene, tally);
	for (size_t k = 0; k < nr_pieces; k++) {
		for (size_t i = 0; i < 1u << pieces[k].order; i++) {
			const char *at = pieces[k].start + i * PAGE_BYTES;

			tally->checked++;
			tally->wrong += !page_is_right(at, 0, page++);
		}
	}
}

const struct scene_kind scene_demand = { "demand", build, check, command };
