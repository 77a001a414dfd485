/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which host node a page lies. numa.c alone includes numaif.h. */
#ifndef CONTIG_HV_NUMA_H
#define CONTIG_HV_NUMA_H

#include <stddef.h>
#include <sys/types.h>

#include "hv/addr_host.h"

/* Addresses that one call asks about at most. */
#define NUMA_BATCH 512

/**
 * numa_nodes() - the nodes of some pages of a process; moves nothing
 * @count: at most NUMA_BATCH.
 * @ret_nodes: a node, or a negative errno (-ENOENT: nothing is there).
 *
 * Return: 0 or a negative errno for all of them.
 */
int numa_nodes(pid_t pid, const struct hva *addresses, size_t count,
	       int *ret_nodes);

#endif
