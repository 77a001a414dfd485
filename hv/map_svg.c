// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One square for each cell, in the order of guest addresses, rows from top to
 * bottom. The upper part is a bar that shows what the guest uses the cell's
 * pages for; the strip below shows what the host has behind it. Colours are
 * those of Okabe and Ito, which people with any kind of sight can tell apart.
 */
#include "hv/map_svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "hv/ctl.h"
#include "hv/units.h"

#define CELL 16.0 /* distance from cell to cell */
#define USE_HEIGHT 9.0
#define BACKING_HEIGHT 4.0
#define CELL_WIDTH 14.0
#define LEFT 108.0
#define RIGHT 24.0
#define TOP 156.0
#define BOTTOM 24.0
/* Beyond this, neighbours are drawn as one. */
#define MAX_DRAWN 4096

enum use { USE_FREE, USE_MOVABLE, USE_UNMOVABLE, USE_HELD, NR_USES };
enum behind { BEHIND_HUGE, BEHIND_SMALL, BEHIND_NONE, NR_BEHIND };

struct kind {
	const char *key;
	const char *colour;
	const char *text;
};

static const struct kind uses[NR_USES] = {
	[USE_FREE] = { "free", "#dfe6ec", "free" },
	[USE_MOVABLE] = { "movable", "#56b4e9", "movable" },
	[USE_UNMOVABLE] = { "unmovable", "#d55e00", "unmovable" },
	[USE_HELD] = { "held", "#009e73", "held" },
};

static const struct kind behinds[NR_BEHIND] = {
	[BEHIND_HUGE] = { "huge", "#1d1d4f", "huge page" },
	[BEHIND_SMALL] = { "small", "#e69f00", "4 KiB pages" },
	[BEHIND_NONE] = { "none", "#f4f4f4", "nothing" },
};

struct cell {
	uint64_t gpa;
	uint64_t uses[NR_USES]; /* pages */
	uint64_t behinds[NR_BEHIND]; /* 2 MiB ranges */
};

struct picture {
	FILE *file;
	const char *guest;
	const char *evidence;
	uint64_t cell_bytes;
	uint64_t ram_bytes;
	struct cell *cells;
	size_t count;
	size_t columns;
	struct cell sum;
};

static void add(struct cell *sum, const struct cell *cell)
{
	int i;

	for (i = 0; i < NR_USES; i++)
		sum->uses[i] += cell->uses[i];
	for (i = 0; i < NR_BEHIND; i++)
		sum->behinds[i] += cell->behinds[i];
}

static int read_cells(json_t *map, struct picture *picture)
{
	json_t *list = ctl_get(map, "cells");
	json_t *object;
	size_t i;
	int n;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return -EBADMSG;
	picture->cells = calloc(json_array_size(list), sizeof(struct cell));
	if (picture->cells == NULL)
		return -ENOMEM;
	json_array_foreach(list, i, object) {
		struct cell cell = { 0 };
		uint64_t group;

		if (units_parse_u64(ctl_get_string(object, "gpa"), UINT64_MAX,
				    &cell.gpa) < 0)
			return -EBADMSG;
		for (n = 0; n < NR_USES; n++)
			cell.uses[n] = (uint64_t)ctl_get_integer(object,
								 uses[n].key);
		for (n = 0; n < NR_BEHIND; n++)
			cell.behinds[n] = (uint64_t)ctl_get_integer(
				object, behinds[n].key);
		add(&picture->sum, &cell);
		group = cell.gpa / picture->cell_bytes;
		cell.gpa = group * picture->cell_bytes;
		if (picture->count > 0 &&
		    picture->cells[picture->count - 1].gpa == cell.gpa)
			add(&picture->cells[picture->count - 1], &cell);
		else
			picture->cells[picture->count++] = cell;
	}
	return 0;
}

static void rect(const struct picture *picture, double x, double y,
		 double width, double height, const char *colour)
{
	fprintf(picture->file,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"fill=\"%s\"/>\n",
		x, y, width, height, colour);
}

static void text(const struct picture *picture, double x, double y,
		 const char *class, const char *content)
{
	fprintf(picture->file,
		"<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y,
		class, content);
}

/* A bar of @width, cut in proportion to @parts. */
static void bar(const struct picture *picture, double x, double y,
		double width, double height, const uint64_t *parts, int count,
		const struct kind *kinds)
{
	uint64_t all = 0;
	double at = x;
	int i;

	for (i = 0; i < count; i++)
		all += parts[i];
	for (i = 0; i < count && all > 0; i++) {
		double part = width * (double)parts[i] / (double)all;

		if (parts[i] > 0)
			rect(picture, at, y, part, height, kinds[i].colour);
		at += part;
	}
}

static double legend(const struct picture *picture, double x, double y,
		     const struct kind *kind, uint64_t bytes)
{
	char size[UNITS_TEXT_BYTES];
	char line[80];

	rect(picture, x, y - 10, 12, 12, kind->colour);
	fprintf(picture->file,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" "
		"fill=\"none\" stroke=\"#888\" stroke-width=\"0.5\"/>\n",
		x, y - 10);
	snprintf(line, sizeof(line), "%s %s", kind->text,
		 units_format_bytes(bytes, size));
	text(picture, x + 18, y, "legend", line);
	return x + 150;
}

static void draw_head(const struct picture *picture)
{
	char ram[UNITS_TEXT_BYTES];
	char cell[UNITS_TEXT_BYTES];
	char line[200];
	double x = LEFT;
	int i;

	snprintf(line, sizeof(line), "Memory of guest %s", picture->guest);
	text(picture, 24, 36, "title", line);
	snprintf(line, sizeof(line),
		 "%s in squares of %s, from the lowest guest address on; what "
		 "is behind was seen by %s",
		 units_format_bytes(picture->ram_bytes, ram),
		 units_format_bytes(picture->cell_bytes, cell),
		 picture->evidence);
	text(picture, 24, 58, "note", line);
	text(picture, 24, 92, "head", "guest uses");
	for (i = 0; i < NR_USES; i++)
		x = legend(picture, x, 92, &uses[i],
			   picture->sum.uses[i] * CONTIG_PAGE_BYTES);
	x = LEFT;
	text(picture, 24, 116, "head", "host has");
	for (i = 0; i < NR_BEHIND; i++)
		x = legend(picture, x, 116, &behinds[i],
			   picture->sum.behinds[i] * HUGE_BYTES);
}

static void draw_cells(const struct picture *picture)
{
	char label[40];
	size_t i;

	for (i = 0; i < picture->count; i++) {
		const struct cell *cell = &picture->cells[i];
		size_t column = i % picture->columns;
		size_t row = i / picture->columns;
		double x = LEFT + CELL * (double)column;
		double y = TOP + CELL * (double)row;

		if (column == 0) {
			snprintf(label, sizeof(label), "0x%" PRIx64, cell->gpa);
			text(picture, LEFT - 10, y + 9, "address", label);
		}
		bar(picture, x, y, CELL_WIDTH, USE_HEIGHT, cell->uses,
		    NR_USES, uses);
		bar(picture, x, y + USE_HEIGHT, CELL_WIDTH, BACKING_HEIGHT,
		    cell->behinds, NR_BEHIND, behinds);
	}
}

static void draw(const struct picture *picture)
{
	size_t rows = (picture->count + picture->columns - 1) /
		      picture->columns;
	double width = LEFT + CELL * (double)picture->columns + RIGHT;
	double height = TOP + CELL * (double)rows + BOTTOM;

	fprintf(picture->file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n"
		"<title>Memory of guest %s</title>\n"
		"<style>\n"
		"text { font-family: 'DejaVu Sans', Verdana, sans-serif; "
		"fill: #222; }\n"
		".title { font-size: 20px; font-weight: bold; }\n"
		".note { font-size: 12px; fill: #555; }\n"
		".head { font-size: 12px; font-weight: bold; }\n"
		".legend { font-size: 12px; }\n"
		".address { font-size: 10px; fill: #555; text-anchor: end; "
		"font-family: 'DejaVu Sans Mono', monospace; }\n"
		"</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		width, height, width, height, picture->guest);
	draw_head(picture);
	draw_cells(picture);
	fputs("</svg>\n", picture->file);
}

int map_svg_write(json_t *map, FILE *file)
{
	struct picture picture = {
		.file = file,
		.guest = ctl_get_string(map, "guest"),
		.evidence = ctl_get_string(map, "evidence"),
		.cell_bytes = (uint64_t)ctl_get_integer(map, "cell_bytes"),
		.ram_bytes = (uint64_t)ctl_get_integer(map, "ram_bytes"),
	};
	int r;

	if (picture.cell_bytes == 0)
		return -EBADMSG;
	while (picture.ram_bytes / picture.cell_bytes > MAX_DRAWN)
		picture.cell_bytes *= 2;
	r = read_cells(map, &picture);
	if (r == 0) {
		/* Powers of two let rows begin at round addresses. */
		if (picture.count >= 512)
			picture.columns = 64;
		else
			picture.columns = 48;
		if (picture.count > 4 * 512)
			picture.columns = 128;
		draw(&picture);
		if (ferror(file))
			r = -EIO;
	}
	free(picture.cells);
	return r;
}
