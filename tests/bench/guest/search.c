// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/uapi/linux/coalesce.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

#define DEVICE "/dev/coalesce"
#define BUDDYINFO "/proc/buddyinfo"
#define REGION_ORDER 9

/* A line of it has the number of free pieces of each order from 0. */
static bool is_there(unsigned int order)
{
	FILE *f = fopen(BUDDYINFO, "re");
	unsigned long pieces;
	bool there = false;

	if (!f)
		control_fail("search: %s: %s", BUDDYINFO, strerror(errno));
	while (fscanf(f, "Node %*u, zone %*s") != EOF)
		for (unsigned int at = 0; fscanf(f, " %lu", &pieces) == 1; at++)
			there |= at >= order && pieces;
	fclose(f);
	return there;
}

uint64_t search_for(unsigned int order)
{
	struct coalesce_region region;
	struct coalesce_request req = {
		.strategy = COALESCE_FREELIST,
		.order = REGION_ORDER,
		.count = 1,
		.nid = COALESCE_ANY_NODE,
		.regions = (uintptr_t)&region,
	};
	uint64_t start_ns = stat_clock_ns();
	int fd;

	if (is_there(order))
		return 0;
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, COALESCE_IOC_REQUEST, &req))
		control_fail("search: %s: %s", DEVICE, strerror(errno));
	close(fd);
	return stat_clock_ns() - start_ns;
}
