// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * method - gets regions in one of the ways that are compared
 *
 *	method CONTROL --scene CONTROL --held FILE --figures FILE
 *
 * It is started before the state is looked at, and needs no new memory until it
 * gets some: a program that starts is enough to change a state where memory is
 * short.
 *
 * tell CONTROL pause	stops the machine, for it to be saved (pause.h)
 * tell CONTROL get KIND ORDER COUNT ROUNDS SHARE
 *			gets regions of that order until there are so many;
 *			answers "done" and keeps them
 * tell CONTROL quit	gives them back
 *
 * Their first frames are listed in the file HELD; key=value lines come to the
 * file FIGURES:
 *
 *	guest_ns	time that the calls took
 *	moves		pages migrated meanwhile, by whomever
 *	reclaimed	pages reclaimed meanwhile
 *	pages_scanned	page frames looked at: what the call itself says, else
 *			what the kernel counts meanwhile; of the allocator's
 *			calls and what stands for them the mean of one
 *	pages_scanned_sum	by all of them together
 *	isolated_before	pages that were off their lists at the start
 *
 * With ROUNDS other than 0 it does so as often, tells the scene "round" before
 * each, and gives back what it got after each; the figures are sums, but
 * pages_scanned is that of the round with the most, and the trace buffer has
 * the last round only. SHARE is of what the scene's programs want, in percent,
 * where they are asked to take it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/bench/guest/ask.h"
#include "tests/bench/guest/method.h"
#include "tests/bench/guest/pause.h"
#include "tests/bench/guest/stat.h"
#include "tests/bench/guest/trace.h"
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
	uint64_t isolated; /* at the start */
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

	sum->isolated = trace_start();
	method->nr_held = 0;
	read_counts(&before);
	method->kind->get(method);
	read_counts(&after);
	trace_stop();
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

static void run_rounds(struct method *method, struct counts *sum)
{
	char answer[64];

	for (uint64_t i = 0; i < method->rounds; i++) {
		ask(method->scene, "round", answer, sizeof(answer));
		measure(method, sum);
		method->kind->release(method);
	}
}

void method_nothing(struct method *method)
{
	(void)method;
}

void method_hold(struct method *method, uint64_t gfn)
{
	if (method->nr_held == METHOD_MAX_HELD)
		control_fail("method: more than %d regions", METHOD_MAX_HELD);
	method->held[method->nr_held++] = gfn;
}

static const struct method_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	control_fail("method: no method '%s'", name);
}

static void list_held(struct method *method, const char *path)
{
	FILE *f = fopen(path, "we");

	for (size_t i = 0; f && i < method->nr_held; i++)
		fprintf(f, "%" PRIu64 "\n", method->held[i]);
	if (!f || fclose(f))
		control_fail("method: %s: %s", path, strerror(errno));
}

static void print_figures(const struct method *method, const struct counts *sum,
			  const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		control_fail("method: %s: %s", path, strerror(errno));
	fprintf(f, "guest_ns=%" PRIu64 "\nmoves=%" PRIu64 "\n", method->took_ns,
		sum->moves);
	fprintf(f, "reclaimed=%" PRIu64 "\npages_scanned=%" PRIu64 "\n",
		sum->reclaimed, sum->most_scanned);
	fprintf(f, "pages_scanned_sum=%" PRIu64 "\nrounds=%" PRIu64 "\n",
		sum->scanned, method->rounds);
	fprintf(f,
		"allocations_tried=%" PRIu64 "\nallocations_met=%" PRIu64 "\n",
		method->tried, method->met);
	fprintf(f, "isolated_before=%" PRIu64 "\n", sum->isolated);
	if (method->kind->print_why)
		method->kind->print_why(f);
	if (fclose(f))
		control_fail("method: %s: %s", path, strerror(errno));
}

static void get(struct method *method, const char *words, const char *held,
		const char *figures)
{
	struct counts sum = { 0 };
	char kind[32];

	if (method->kind ||
	    sscanf(words, "get %31s %u %" SCNu64 " %" SCNu64 " %u", kind,
		   &method->order, &method->count, &method->rounds,
		   &method->share) != 5)
		control_fail("method: '%s': see the head of method.c", words);
	method->kind = kind_of(kind);
	if (method->rounds) {
		run_rounds(method, &sum);
		/* All is given back, so nothing is held. */
		method->nr_held = 0;
	} else {
		measure(method, &sum);
	}
	list_held(method, held);
	print_figures(method, &sum, figures);
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "scene", required_argument, NULL, 's' },
		{ "held", required_argument, NULL, 'h' },
		{ "figures", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	const char *held = NULL, *figures = NULL;
	static struct method method;
	char line[128];
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 's':
			method.scene = optarg;
			break;
		case 'h':
			held = optarg;
			break;
		case 'f':
			figures = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc || !method.scene || !held || !figures)
		control_fail("usage: see the head of method.c");
	control_start(argv[optind]);
	if (mlockall(MCL_CURRENT))
		control_fail("method: mlockall: %s", strerror(errno));
	control_answer("ready");
	for (;;) {
		control_next(line, sizeof(line), -1);
		if (!strcmp(line, "quit"))
			break;
		if (!strcmp(line, "pause"))
			pause_machine();
		else
			get(&method, line, held, figures);
		control_answer("done");
	}
	if (method.kind && !method.rounds)
		method.kind->release(&method);
	control_bye("bye");
}
