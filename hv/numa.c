// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/numa.h"

#include <errno.h>
#include <numaif.h>
#include <stdint.h>

int numa_nodes(pid_t pid, const struct hva *addresses, size_t count,
	       int *ret_nodes)
{
	void *pages[NUMA_BATCH];
	size_t i;

	if (count > NUMA_BATCH)
		return -EINVAL;
	for (i = 0; i < count; i++)
		pages[i] = (void *)(uintptr_t)addresses[i].v;
	/* Without a list of nodes the call only tells where pages are. */
	if (move_pages(pid, count, pages, NULL, ret_nodes, 0) < 0)
		return -errno;
	return 0;
}
