// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stall - how long pages are away while they are moved
 *
 *	stall prepare --kib N	takes N KiB of memory a CPU for events; to be
 *				done before anything is measured (a method
 *				starts and stops the record of them)
 *	stall report --isolated N
 *				key=value lines: stalls, stalls_ended,
 *				stalls_inherited, stalls_before, stall_p50_ns,
 *				stall_p999_ns, stall_max_ns
 *
 * A page is away from when its mapping is replaced by a migration entry
 * (tracepoint set_migration_pte) until it is there again
 * (remove_migration_pte); whoever touches it meanwhile waits. Both are matched
 * by address, and where several processes have the same one, with the page that
 * left last. A page that its process gives up while it is away, or that ends
 * with it, does not come back: nobody waits for it, and those are only counted
 * (stalls_ended). If a process forks meanwhile, its child has the migration
 * entry too, and no event tells: for the child the page has been away for as
 * long (stalls_inherited). Of pages that were away at the start, as where
 * kcompactd is at work, nobody knows since when (stalls_before); there can be
 * some only if N, how many pages were off their lists then, is not 0. Fails
 * when an event was lost, or a page came that had never left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/guest/ring.h"
#include "tests/bench/guest/trace.h"
#include "tests/guest/common/control.h"

/* A mapping that is away, in a list with those of the same hash. */
struct away {
	uint64_t address;
	uint64_t since_ns;
	struct away *next;
};

#define HASH_BITS 16

/*
 * All mappings of a page come back one after the other, with the few that are
 * moved together: the child's is among the next ones.
 */
#define RECENT 64

struct stalls {
	struct away *bucket[1 << HASH_BITS];
	struct away *unused;
	struct away recent[RECENT];
	size_t next_recent;
	uint64_t *took_ns;
	size_t nr, room;
	size_t away, inherited, unmatched;
};

static struct stalls stalls;

static struct away **bucket_of(uint64_t address)
{
	uint64_t hash = (address >> 12) * UINT64_C(0x9e3779b97f4a7c15);

	return &stalls.bucket[hash >> (64 - HASH_BITS)];
}

static void went(uint64_t address, uint64_t at_ns)
{
	struct away *away = stalls.unused, **first = bucket_of(address);

	if (away)
		stalls.unused = away->next;
	else
		away = malloc(sizeof(*away));
	if (!away)
		control_fail("stall: out of memory");
	*away = (struct away){
		.address = address,
		.since_ns = at_ns,
		.next = *first,
	};
	*first = away;
	stalls.away++;
}

static void note(uint64_t took_ns)
{
	if (stalls.nr == stalls.room) {
		stalls.room = stalls.room ? stalls.room * 2 : 1 << 12;
		stalls.took_ns = reallocarray(stalls.took_ns, stalls.room,
					      sizeof(*stalls.took_ns));
		if (!stalls.took_ns)
			control_fail("stall: out of memory");
	}
	stalls.took_ns[stalls.nr++] = took_ns;
}

static void came_back_to_child(uint64_t address, uint64_t at_ns)
{
	for (size_t i = 1; i <= RECENT; i++) {
		const struct away *recent =
			&stalls.recent[(stalls.next_recent - i) % RECENT];

		if (recent->address != address || !recent->since_ns)
			continue;
		note(at_ns - recent->since_ns);
		stalls.inherited++;
		return;
	}
	stalls.unmatched++;
}

static void came_back(uint64_t address, uint64_t at_ns)
{
	struct away **at = bucket_of(address), *away;

	while (*at && (*at)->address != address)
		at = &(*at)->next;
	away = *at;
	if (!away) {
		came_back_to_child(address, at_ns);
		return;
	}
	note(at_ns - away->since_ns);
	stalls.recent[stalls.next_recent++ % RECENT] = *away;
	*at = away->next;
	away->next = stalls.unused;
	stalls.unused = away;
	stalls.away--;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The smallest value that so many thousandths of all do not exceed. */
static uint64_t permille(unsigned int n)
{
	size_t rank = (stalls.nr * n + 999) / 1000;

	return rank ? stalls.took_ns[rank - 1] : 0;
}

static void report(uint64_t isolated)
{
	struct ring_event set = ring_event(TRACE_SET "format", "addr");
	struct ring_event remove = ring_event(TRACE_REMOVE "format", "addr");
	uint64_t id, address, at_ns;

	if (ring_lost())
		control_fail("stall: %" PRIu64
			     " events lost: prepare more memory",
			     ring_lost());
	while (ring_next(&set, &remove, &id, &address, &at_ns)) {
		if (id == set.id)
			went(address, at_ns);
		else
			came_back(address, at_ns);
	}
	if (stalls.unmatched && !isolated)
		control_fail("stall: %zu pages came that had never left",
			     stalls.unmatched);
	if (stalls.nr)
		qsort(stalls.took_ns, stalls.nr, sizeof(*stalls.took_ns),
		      by_value);
	printf("stalls=%zu\nstalls_ended=%zu\nstalls_inherited=%zu\n",
	       stalls.nr, stalls.away, stalls.inherited);
	printf("stalls_before=%zu\n", stalls.unmatched);
	printf("stall_p50_ns=%" PRIu64 "\n", permille(500));
	printf("stall_p999_ns=%" PRIu64 "\nstall_max_ns=%" PRIu64 "\n",
	       permille(999), permille(1000));
}

int main(int argc, char **argv)
{
	bool two = argc == 4;

	if (two && !strcmp(argv[1], "prepare") && !strcmp(argv[2], "--kib"))
		trace_prepare(strtoull(argv[3], NULL, 0));
	else if (two && !strcmp(argv[1], "report") &&
		 !strcmp(argv[2], "--isolated"))
		report(strtoull(argv[3], NULL, 0));
	else
		control_fail("usage: see the head of stall.c");
	return 0;
}
