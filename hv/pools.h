/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's own memory, node by node, as sysfs tells it. */
#ifndef CONTIG_HV_POOLS_H
#define CONTIG_HV_POOLS_H

#include <jansson.h>

/**
 * pools_read() - a list with one object for each node
 *
 * {"node": 0, "total_bytes": ..., "free_bytes": ..., "hugepages": [{"size":
 * 2097152, "total": 0, "free": 0}]}. What can't be read is left out.
 *
 * Return: a new reference.
 */
json_t *pools_read(void);

#endif
