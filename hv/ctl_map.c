// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hv/ctl.h"
#include "hv/map_svg.h"
#include "hv/units.h"

#define COLUMNS 64

static const char usage[] =
	"map GUEST [--svg FILE] [--json]\n"
	"Shows guest memory: free, movable, unmovable, held, and what the host "
	"has\nbehind it. --svg draws it into a file.\n";

enum {
	OPTION_SVG = 1,
};

static const struct option options[] = {
	{ "svg", required_argument, NULL, OPTION_SVG },
	{ 0 },
};

static int take(void *userdata, int val, const char *value)
{
	const char **svg = userdata;

	(void)val;
	*svg = value;
	return 0;
}

/* What most of the cell is, in one letter; capitals: behind one huge page. */
static char cell_letter(json_t *cell)
{
	json_int_t free_pages = ctl_get_integer(cell, "free");
	json_int_t movable = ctl_get_integer(cell, "movable");
	json_int_t unmovable = ctl_get_integer(cell, "unmovable");
	json_int_t held = ctl_get_integer(cell, "held");
	bool huge = ctl_get_integer(cell, "huge") > 0 &&
		    ctl_get_integer(cell, "small") == 0 &&
		    ctl_get_integer(cell, "none") == 0;
	char letter;

	if (held > 0)
		letter = 'h';
	else if (unmovable > 0)
		letter = 'u';
	else if (movable > 0)
		letter = 'm';
	else if (free_pages > 0)
		letter = 'f';
	else
		letter = 'x';
	return (char)(huge ? letter - 'a' + 'A' : letter);
}

static void print_map(json_t *answer)
{
	json_t *cells = ctl_get(answer, "cells");
	char size[UNITS_TEXT_BYTES];
	json_t *cell;
	size_t i;

	units_format_bytes((uint64_t)ctl_get_integer(answer, "cell_bytes"),
			   size);
	json_array_foreach(cells, i, cell) {
		if (i % COLUMNS == 0)
			printf("%s%14s  ", i > 0 ? "\n" : "",
			       ctl_get_string(cell, "gpa"));
		putchar(cell_letter(cell));
	}
	printf("\n\nEach letter is %s: f free, m with movable pages, u with "
	       "unmovable ones, h held,\nx unknown to the guest; a capital "
	       "letter: behind huge pages (seen by %s).\n",
	       size, ctl_get_string(answer, "evidence"));
}

/* Under another name first: a reader never sees half a picture. */
static int write_svg(json_t *answer, const char *name)
{
	char temporary[4096];
	FILE *file;
	int r;

	if (snprintf(temporary, sizeof(temporary), "%s.%d.tmp", name,
		     (int)getpid()) >= (int)sizeof(temporary))
		r = -ENAMETOOLONG;
	else
		r = 0;
	file = r == 0 ? fopen(temporary, "wxe") : NULL;
	if (r == 0 && file == NULL)
		r = -errno;
	if (r == 0) {
		r = map_svg_write(answer, file);
		if (fclose(file) != 0 && r == 0)
			r = -errno;
		if (r == 0 && rename(temporary, name) < 0)
			r = -errno;
		if (r < 0)
			unlink(temporary);
	}
	if (r < 0) {
		ctl_error("--svg: can't write %s: %s", name, strerror(-r));
		return EXIT_FAILED;
	}
	return EXIT_REACHED;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const char *svg = NULL;
	json_t *answer;
	int status;

	ctl->usage = usage;
	status = ctl_options(ctl, argc, argv, options, take, &svg,
			     CTL_ONE_GUEST);
	if (status > 0)
		return status - 1;
	status = ctl_ask(ctl,
			 json_pack("{s:s, s:s}", "command", "map", "guest",
				   ctl->guest),
			 false, &answer);
	if (answer == NULL)
		return status;
	if (svg != NULL)
		status = write_svg(answer, svg);
	if (ctl->json)
		ctl_print_json(answer);
	else if (svg == NULL)
		print_map(answer);
	json_decref(answer);
	return status;
}

const struct ctl_command ctl_map = {
	.name = "map",
	.summary = "a picture of guest memory and of what backs it",
	.run = run,
};
