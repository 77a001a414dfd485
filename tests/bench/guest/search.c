// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/search.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/guest/device.h"
#include "tests/guest/common/control.h"

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
	static struct device_request request;

	if (is_there(order))
		return 0;
	request.order = REGION_ORDER;
	request.count = 1;
	device_freelist(&request);
	close(request.fd);
	return request.took_ns;
}
