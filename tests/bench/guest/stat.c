// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

#define SETTLE_MS 100
#define SETTLE_QUIET 3
#define SETTLE_TRIES 100

static bool find(const char *path, const char *key, uint64_t *value)
{
	FILE *f = fopen(path, "re");
	size_t size = strlen(key);
	bool found = false;
	char line[256];

	if (!f)
		control_fail("%s: %s", path, strerror(errno));
	while (!found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, size) || (size && line[size] != ' '))
			continue;
		found = sscanf(line + size, " %" SCNu64, value) == 1;
	}
	fclose(f);
	return found;
}

uint64_t stat_read(const char *path, const char *key)
{
	uint64_t value;

	if (!find(path, key, &value))
		control_fail("%s: no '%s' in it", path, key);
	return value;
}

uint64_t stat_read_any(const char *path, const char *key)
{
	uint64_t value;

	return find(path, key, &value) ? value : 0;
}

void stat_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != size || close(fd))
		control_fail("%s: %s", path, strerror(errno));
}

void stat_write_number(const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	stat_write(path, text);
}

uint64_t stat_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

uint64_t stat_moves(void)
{
	return stat_read("/proc/vmstat", "pgmigrate_success");
}

static uint64_t activity(void)
{
	static const char *const keys[] = {
		"pgmigrate_success", "pgmigrate_fail",	     "pgscan_kswapd",
		"pgscan_direct",     "compact_free_scanned",
		"compact_migrate_scanned",
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		sum += stat_read("/proc/vmstat", keys[i]);
	return sum;
}

void stat_settle(void)
{
	uint64_t last = activity();

	for (int tries = 0, quiet = 0;
	     tries < SETTLE_TRIES && quiet < SETTLE_QUIET; tries++) {
		uint64_t now;

		poll(NULL, 0, SETTLE_MS);
		now = activity();
		quiet = now == last ? quiet + 1 : 0;
		last = now;
	}
}
