// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nrhuge - what the kernel's own way to huge pages costs
 *
 *	nrhuge N
 *
 * Writes N to /proc/sys/vm/nr_hugepages and says how many pages of 2 MiB came
 * of it, the time that the write took in this machine's own clock, and how many
 * pages were migrated for it; then gives them back.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char path[] = "/proc/sys/vm/nr_hugepages";

static void fail(const char *what)
{
	fprintf(stderr, "nrhuge: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void set(const char *number)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, number, strlen(number)) < 0)
		fail(path);
	close(fd);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

/* The number after @key, which starts a line or is empty, in @file. */
static uint64_t read_number(const char *file, const char *key)
{
	FILE *f = fopen(file, "re");
	uint64_t value = 0;
	char line[256];

	if (!f)
		fail(file);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, strlen(key))) {
			value = strtoull(line + strlen(key), NULL, 10);
			break;
		}
	}
	fclose(f);
	return value;
}

int main(int argc, char **argv)
{
	uint64_t moved, start_ns, elapsed_ns;

	if (argc != 2) {
		fprintf(stderr, "usage: nrhuge N\n");
		return 2;
	}
	moved = read_number("/proc/vmstat", "pgmigrate_success ");
	start_ns = now_ns();
	set(argv[1]);
	elapsed_ns = now_ns() - start_ns;
	moved = read_number("/proc/vmstat", "pgmigrate_success ") - moved;
	printf("made=%" PRIu64 "\nelapsed_ns=%" PRIu64 "\nmoves_done=%" PRIu64
	       "\n", read_number(path, ""), elapsed_ns, moved);
	set("0");
	return 0;
}
