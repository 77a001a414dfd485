// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

int zones_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		control_fail("%s: %s", path, strerror(errno));
	return fd;
}

/* One line's word and number; "high:" is the size of a CPU's list. */
static void zone_line(struct zone *zone, uint64_t *boost, const char *word,
		      uint64_t value)
{
	if (!strcmp(word, "free"))
		zone->free = value;
	else if (!strcmp(word, "boost"))
		*boost = value;
	else if (!strcmp(word, "low"))
		zone->low = value - *boost;
	else if (!strcmp(word, "high"))
		zone->high = value - *boost;
	else if (!strcmp(word, "spanned"))
		zone->spanned = value;
	else if (!strcmp(word, "managed"))
		zone->managed = value;
	else if (!strcmp(word, "count:"))
		zone->on_cpus += value;
	else if (!strcmp(word, "start_pfn:"))
		zone->start = value;
}

/* "protection: (0, 960, 960, 960)": the last is for movable memory. */
static bool is_protection(const char *line, struct zone *zone)
{
	const char *last = strrchr(line, ',');

	if (!strstr(line, "protection: (") || !last)
		return false;
	zone->kept = strtoull(last + 1, NULL, 10);
	return true;
}

static void parse(char *text, struct zones *zones)
{
	struct zone zone = { 0 };
	uint64_t boost = 0, value;
	char *line, *save = NULL;
	unsigned int node;
	char word[64];

	zones->nr = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Node %u, zone", &node) == 1) {
			zone = (struct zone){ .node = node };
			continue;
		}
		if (!strncmp(line, "  pages ", 8))
			line += 8;
		if (is_protection(line, &zone) ||
		    sscanf(line, "%63s %" SCNu64, word, &value) != 2)
			continue;
		zone_line(&zone, &boost, word, value);
		/* The last line of a zone that has memory. */
		if (strcmp(word, "start_pfn:") || !zone.managed)
			continue;
		if (zones->nr == ZONES_MAX)
			control_fail("zoneinfo: more than %d zones", ZONES_MAX);
		zones->zone[zones->nr++] = zone;
	}
	if (!zones->nr)
		control_fail("zoneinfo: no zone has memory");
}

void zones_read(int fd, struct zones *zones)
{
	static char text[1 << 16];
	size_t used = 0;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		control_fail("zoneinfo: %s", strerror(errno));
	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += n;
	if (n < 0 || used == sizeof(text) - 1)
		control_fail("zoneinfo: %s", n ? strerror(errno) : "too long");
	text[used] = '\0';
	parse(text, zones);
}

void zones_now(struct zones *zones)
{
	int fd = zones_open("/proc/zoneinfo");

	zones_read(fd, zones);
	close(fd);
}

#define ZONES_SUM(field)                                  \
	uint64_t zones_##field(const struct zones *zones) \
	{                                                 \
		uint64_t sum = 0;                         \
		for (size_t i = 0; i < zones->nr; i++)    \
			sum += zones->zone[i].field;      \
		return sum;                               \
	}

ZONES_SUM(free)
ZONES_SUM(high)
ZONES_SUM(on_cpus)

uint64_t zones_spare(const struct zones *zones)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < zones->nr; i++) {
		const struct zone *zone = &zones->zone[i];

		if (zone->free > zone->kept + zone->low)
			sum += zone->free - zone->kept - zone->low;
	}
	return sum;
}

uint64_t zones_end(const struct zones *zones)
{
	uint64_t end = 0;

	for (size_t i = 0; i < zones->nr; i++) {
		const struct zone *zone = &zones->zone[i];

		if (zone->start + zone->spanned > end)
			end = zone->start + zone->spanned;
	}
	return end;
}

bool zones_touch(const struct zones *zones, uint64_t first, uint64_t nr)
{
	for (size_t i = 0; i < zones->nr; i++) {
		const struct zone *zone = &zones->zone[i];

		if (first < zone->start + zone->spanned &&
		    first + nr > zone->start)
			return true;
	}
	return false;
}

bool zones_hold(const struct zones *zones, uint64_t first, uint64_t nr)
{
	for (size_t i = 0; i < zones->nr; i++) {
		const struct zone *zone = &zones->zone[i];

		if (first >= zone->start &&
		    first + nr <= zone->start + zone->spanned)
			return true;
	}
	return false;
}
