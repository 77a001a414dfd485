// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * method - gets regions in one of the ways that are compared
 *
 *	method CONTROL --kind NAME --order N --count N --held FILE
 *		[--scene CONTROL] [--rounds N] [--share PERCENT] [--settle]
 *
 * Prints key=value lines and keeps what it got until it is told to quit:
 *
 *	guest_ns	time that the calls took
 *	moves		pages migrated meanwhile, by whomever
 *	reclaimed	pages reclaimed meanwhile
 *	pages_scanned	page frames looked at: what the call itself says, else
 *			what the kernel counts meanwhile; of the allocator's
 *			calls and what stands for them the mean of one
 *	pages_scanned_sum	by all of them together
 *
 * With --rounds it does so N times, tells the scene "round" before each, and
 * gives back what it got after each; the figures are sums, but pages_scanned
 * is that of the round with the most, and the trace buffer has the last round
 * only. --share is of what the scene's programs want, where they are asked to
 * take it. With --settle what the kernel still does for programs that have just
 * been started is over before it begins.
 *
 * tell CONTROL quit
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/guest/ask.h"
#include "tests/bench/guest/method.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

static const struct method_kind *const kinds[] = {
	&method_cost,	     &method_freelist,	  &method_compact,
	&method_hugetlb,     &method_thp,	  &method_none,
	&method_demand_none, &method_demand_cost, &method_demand_freelist,
	&method_demand_hugetlb, &method_demand_compact, &method_demand_thp,
};

/* What the kernel counts all the time. */
struct counts {
	uint64_t moves, reclaimed, scanned;
	uint64_t calls; /* of the allocator, and requests */
	uint64_t most_scanned; /* in one round */
};

static void read_counts(struct counts *counts)
{
	static const char vmstat[] = "/proc/vmstat";

	counts->moves = stat_moves();
	counts->reclaimed = stat_read(vmstat, "pgsteal_kswapd") +
			    stat_read(vmstat, "pgsteal_direct") +
			    stat_read_any(vmstat, "pgsteal_khugepaged") +
			    stat_read(vmstat, "coalesce_reclaimed");
	counts->scanned = stat_read(vmstat, "compact_free_scanned") +
			  stat_read(vmstat, "compact_migrate_scanned") +
			  stat_read(vmstat, "coalesce_scanned");
	counts->calls = stat_read(vmstat, "coalesce_demand") +
			stat_read(vmstat, "coalesce_request");
}

static void measure(struct method *method, struct counts *sum)
{
	uint64_t said = method->scanned, scanned, calls;
	struct counts before, after;

	read_counts(&before);
	method->kind->get(method);
	read_counts(&after);
	scanned = method->kind->vmstat_scans ? after.scanned - before.scanned :
					       method->scanned - said;
	sum->moves += after.moves - before.moves;
	sum->reclaimed += after.reclaimed - before.reclaimed;
	sum->scanned += scanned;
	calls = after.calls - before.calls;
	if (calls)
		scanned = (scanned + calls - 1) / calls;
	if (scanned > sum->most_scanned)
		sum->most_scanned = scanned;
}

static void forget_trace(void)
{
	stat_write("/sys/kernel/tracing/trace", "");
}

static void run_rounds(struct method *method, uint64_t rounds,
		       struct counts *sum)
{
	char answer[64];

	for (uint64_t i = 0; i < rounds; i++) {
		ask(method->scene, "round", answer, sizeof(answer));
		forget_trace();
		measure(method, sum);
		method->kind->release(method);
	}
	/* All is given back, so nothing is held. */
	rewind(method->held);
	if (ftruncate(fileno(method->held), 0))
		control_fail("method: %s", strerror(errno));
}

void method_nothing(struct method *method)
{
	(void)method;
}

static const struct method_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	control_fail("method: no method '%s'", name);
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "kind", required_argument, NULL, 'k' },
		{ "order", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'c' },
		{ "held", required_argument, NULL, 'h' },
		{ "scene", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "share", required_argument, NULL, 'S' },
		{ "settle", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	struct method method = { .order = 9, .share = 100, .why = "" };
	struct counts sum = { 0 };
	uint64_t rounds = 0;
	bool settle = false;
	char line[64];
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'k':
			method.kind = kind_of(optarg);
			break;
		case 'o':
			method.order = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			method.count = strtoull(optarg, NULL, 0);
			break;
		case 'h':
			method.held = fopen(optarg, "we");
			break;
		case 's':
			method.scene = optarg;
			break;
		case 'r':
			rounds = strtoull(optarg, NULL, 0);
			break;
		case 'S':
			method.share = strtoul(optarg, NULL, 0);
			break;
		case 'q':
			settle = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc || !method.kind || !method.held)
		control_fail("usage: see the head of method.c");
	control_start(argv[optind]);

	if (settle) {
		stat_settle();
		forget_trace();
	}
	if (rounds)
		run_rounds(&method, rounds, &sum);
	else
		measure(&method, &sum);
	fclose(method.held);
	control_answer("guest_ns=%" PRIu64 "\nmoves=%" PRIu64
		       "\nreclaimed=%" PRIu64 "\npages_scanned=%" PRIu64
		       "\npages_scanned_sum=%" PRIu64 "\nrounds=%" PRIu64
		       "\nallocations_tried=%" PRIu64
		       "\nallocations_met=%" PRIu64 "%s",
		       method.took_ns, sum.moves, sum.reclaimed,
		       sum.most_scanned, sum.scanned, rounds, method.tried,
		       method.met,
		       method.why);
	while (!control_next(line, sizeof(line), -1) || strcmp(line, "quit"))
		control_answer("only quit is known");
	if (!rounds)
		method.kind->release(&method);
	control_bye("bye");
}
