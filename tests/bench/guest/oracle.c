// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oracle - how many regions could be made here, and how many there are
 *
 *	oracle --order N [--unmovable FILE] [--save FILE] [--proc DIR]
 *		[--control CONTROL]
 *	oracle --order N [--unmovable FILE] --before FILE [--held FILE
 *		[--huge]]
 *
 * Reads /proc/kpageflags, /proc/kpagecount and /proc/zoneinfo, and shares no
 * code with what makes regions; only to have the lists of CPUs drained, just
 * before it looks, does it ask the kernel that has it (drain.h). Prints
 * key=value lines:
 *
 *	before		regions that are wholly free
 *	obtainable	regions that any algorithm could have here in the end:
 *			the clean ones, as far as free memory above the zones'
 *			high watermarks reaches
 *
 * With --before, a state that an earlier call has saved, it says what has come
 * of that one:
 *
 *	obtained	regions that are free or held: listed in the file HELD,
 *			or a hugetlb page that was not there before; with
 *			--huge those of the file are huge pages of a program
 *	ideal_moves	pages in so many clean regions of the state before, of
 *			those with the fewest
 *	of_unclean	of those obtained, regions that were not clean then:
 *			what was in the way went by itself, as what this
 *			program itself has needed; so that fewer moves may do
 *
 * With --control it does not look at once, but when it is told "tell CONTROL
 * look"; it answers "done" when all is printed, and stays: so that nothing
 * starts or ends just before the look or after it.
 *
 * Frames listed in the --unmovable FILE can't be moved though they look it.
 * --proc DIR takes the three files from there, as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/guest/drain.h"
#include "tests/bench/guest/look.h"
#include "tests/bench/guest/region.h"
#include "tests/bench/guest/zones.h"
#include "tests/guest/common/control.h"

struct options {
	unsigned int order;
	const char *unmovable, *save, *before, *held, *proc;
	const char *control;
	bool huge;
};

static int open_in(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		control_fail("oracle: %s: %s", path, strerror(errno));
	return fd;
}

static void wait_for_word(void)
{
	char line[16];

	control_answer("state=ready");
	control_next(line, sizeof(line), -1);
	if (strcmp(line, "look"))
		control_fail("oracle: '%s': only look is known", line);
}

/* Until the machine ends. */
static void stay(void)
{
	fflush(stdout);
	control_answer("done");
	for (;;)
		pause();
}

static void look(const struct options *o, struct zones *zones, struct look *now)
{
	const char *dir = o->proc ? o->proc : "/proc";
	pid_t child = o->proc ? 0 : drain_prepare();
	int zone_fd = open_in(dir, "zoneinfo");
	int flags_fd = open_in(dir, "kpageflags");
	int count_fd = open_in(dir, "kpagecount");

	zones_read(zone_fd, zones);
	look_prepare(now, zones);
	if (o->control)
		wait_for_word();
	if (child)
		drain_now(child);
	look_now(now, zones, flags_fd, count_fd);
	zones_read(zone_fd, zones);
	if (child)
		drain_end(child);
	close(zone_fd);
	close(flags_fd);
	close(count_fd);
	if (o->unmovable)
		look_read_unmovable(now, o->unmovable);
}

static uint64_t obtainable(const struct regions *regions,
			   const struct look *now, const struct zones *zones)
{
	uint64_t clean = regions_clean(regions), high = zones_high(zones);
	uint64_t spare = now->free_pages > high ? now->free_pages - high : 0;
	uint64_t most = spare >> regions->order;

	return clean < most ? clean : most;
}

static void print_before(const struct regions *regions, const struct look *now,
			 const struct zones *zones)
{
	printf("before=%zu\nobtainable=%" PRIu64 "\n", regions_free(regions),
	       obtainable(regions, now, zones));
	printf("clean_blocks=%zu\nclean_regions=%zu\n", look_clean(now),
	       regions_clean(regions));
	printf("free_pages_before=%" PRIu64 "\nhigh_pages=%" PRIu64
	       "\nundrained_pages=%" PRIu64 "\n",
	       now->free_pages, zones_high(zones), zones_on_cpus(zones));
}

static void print_after(const struct options *o, const struct zones *zones,
			const struct regions *regions, const struct look *now)
{
	struct look old_look;
	struct regions old;
	size_t free_regions, held, obtained;
	bool *is_held = regions_none(regions);

	look_load(&old_look, o->before);
	regions_make(&old, &old_look, zones, o->order);
	free_regions = regions_free(regions);
	held = regions_new_hugetlb(regions, &old);
	if (o->held)
		held += regions_held(regions, o->held, o->huge, is_held);
	obtained = free_regions + held;
	printf("obtained=%zu\nfree_regions=%zu\nheld_regions=%zu\n", obtained,
	       free_regions, held);
	printf("ideal_moves=%" PRIu64 "\nobtainable_after=%" PRIu64 "\n",
	       regions_ideal_moves(&old, obtained),
	       obtainable(regions, now, zones));
	printf("free_pages_after=%" PRIu64 "\nof_unclean=%zu\n",
	       now->free_pages, regions_of_unclean(regions, &old, is_held));
	free(is_held);
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "order", required_argument, NULL, 'o' },
		{ "unmovable", required_argument, NULL, 'u' },
		{ "save", required_argument, NULL, 's' },
		{ "before", required_argument, NULL, 'b' },
		{ "held", required_argument, NULL, 'h' },
		{ "proc", required_argument, NULL, 'p' },
		{ "control", required_argument, NULL, 'c' },
		{ "huge", no_argument, NULL, 'H' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .order = LOOK_ORDER };
	struct regions regions;
	struct zones zones;
	struct look now;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'o':
			o.order = strtoul(optarg, NULL, 0);
			break;
		case 'u':
			o.unmovable = optarg;
			break;
		case 's':
			o.save = optarg;
			break;
		case 'b':
			o.before = optarg;
			break;
		case 'h':
			o.held = optarg;
			break;
		case 'p':
			o.proc = optarg;
			break;
		case 'c':
			o.control = optarg;
			break;
		case 'H':
			o.huge = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc || o.order < LOOK_ORDER || o.order > 18)
		control_fail("usage: see the head of oracle.c");
	if (o.control)
		control_start(o.control);
	look(&o, &zones, &now);
	regions_make(&regions, &now, &zones, o.order);
	if (o.before)
		print_after(&o, &zones, &regions, &now);
	else
		print_before(&regions, &now, &zones);
	if (o.save)
		look_save(&now, o.save);
	if (o.control)
		stay();
	return 0;
}
