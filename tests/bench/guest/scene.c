// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scene - brings memory into a state, and keeps it there
 *
 *	scene CONTROL --kind NAME --mib M --seed S --frames FILE
 *
 * M is the guest's memory. Equal seeds give equal states in equal guests. The
 * FILE gets the page frames that look as if they could be moved and can't.
 *
 * tell CONTROL check	answers "checked=N wrong=M"
 * tell CONTROL settle	answers "done" when the kernel moves and reclaims
 *			nothing
 * tell CONTROL quit
 * and what the kind has in addition.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/guest/scene.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

static const struct scene_kind *const kinds[] = {
	&scene_uniform50, &scene_skewed,    &scene_tight,
	&scene_filecache, &scene_unmovable, &scene_live,
	&scene_endurance, &scene_gigantic,  &scene_demand,
};

void scene_check_pool(struct scene *scene, struct tally *tally)
{
	pool_check(&scene->pool, tally);
}

static const struct scene_kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	control_fail("scene: no kind '%s'", name);
}

static void serve(const struct scene_kind *kind, struct scene *scene)
{
	struct tally tally;
	const char *answer;
	char line[64];

	for (;;) {
		control_next(line, sizeof(line), -1);
		if (!strcmp(line, "quit"))
			control_bye("bye");
		if (!strcmp(line, "check")) {
			tally = (struct tally){ 0 };
			kind->check(scene, &tally);
			control_answer("checked=%zu wrong=%zu", tally.checked,
				       tally.wrong);
			continue;
		}
		if (!strcmp(line, "settle")) {
			stat_settle();
			control_answer("done");
			continue;
		}
		answer = kind->command ? kind->command(scene, line) : NULL;
		control_answer("%s", answer ? answer : "not known");
	}
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "kind", required_argument, NULL, 'k' },
		{ "mib", required_argument, NULL, 'm' },
		{ "seed", required_argument, NULL, 's' },
		{ "frames", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	const struct scene_kind *kind = NULL;
	struct scene scene = { .seed = 1 };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'k':
			kind = kind_of(optarg);
			break;
		case 'm':
			scene.guest_pages = strtoul(optarg, NULL, 0) *
					    (1048576 / PAGE_BYTES);
			break;
		case 's':
			scene.seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			scene.frames = fopen(optarg, "we");
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc || !kind || !scene.guest_pages || !scene.frames)
		control_fail("usage: see the head of scene.c");
	control_start(argv[optind]);
	kind->build(&scene);
	fclose(scene.frames);
	stat_settle();
	control_answer("pages=%zu", scene.pool.pages);
	serve(kind, &scene);
}
