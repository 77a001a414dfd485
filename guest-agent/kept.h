/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which regions the host said HOLD of. The kernel is the one record of what
 * is held; this adds one bit to it, by id. The kernel never uses an id twice,
 * so an id that was released meanwhile does no harm here.
 */
#ifndef CONTIG_AGENT_KEPT_H
#define CONTIG_AGENT_KEPT_H

#include <stdint.h>

#include "proto/message.h"

struct kept {
	uint64_t *ids; /* rising */
	uint32_t count;
};

/**
 * kept_add() - keep some of the held regions
 * @held: all regions that are held, with rising ids.
 * @ids: rising; those that aren't held are skipped.
 * @nr_ids: 0: all that are held.
 * @ret_found: how many of @ids are held.
 *
 * Return: 0, or -ENOMEM, when nothing has changed.
 */
int kept_add(struct kept *kept, const struct message_region *held,
	     uint32_t nr_held, const uint64_t *ids, uint32_t nr_ids,
	     uint32_t *ret_found);

/* Sets MESSAGE_REGION_KEPT in those of @held, with rising ids, that are. */
void kept_mark(const struct kept *kept, struct message_region *held,
	       uint32_t nr_held);

void kept_clear(struct kept *kept);

#endif
