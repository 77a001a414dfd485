// SPDX-License-Identifier: GPL-2.0-or-later
/* Everything here walks two or three rising lists side by side. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "guest-agent/kept.h"

/* Whether @id is in the list; @at moves on, so ask with rising ids. */
static bool next_is(const uint64_t *ids, uint32_t count, uint32_t *at,
		    uint64_t id)
{
	while (*at < count && ids[*at] < id)
		(*at)++;
	return *at < count && ids[*at] == id;
}

int kept_add(struct kept *kept, const struct message_region *held,
	     uint32_t nr_held, const uint64_t *ids, uint32_t nr_ids,
	     uint32_t *ret_found)
{
	uint32_t at_kept = 0, at_ids = 0, count = 0, found = 0;
	uint64_t *all = NULL;

	if (nr_held) {
		all = calloc(nr_held, sizeof(*all));
		if (!all)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < nr_held; i++) {
		bool was = next_is(kept->ids, kept->count, &at_kept,
				   held[i].id);
		bool named = !nr_ids ||
			     next_is(ids, nr_ids, &at_ids, held[i].id);

		found += named;
		if (was || named)
			all[count++] = held[i].id;
	}
	free(kept->ids);
	kept->ids = all;
	kept->count = count;
	*ret_found = found;
	return 0;
}

void kept_mark(const struct kept *kept, struct message_region *held,
	       uint32_t nr_held)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < nr_held; i++)
		if (next_is(kept->ids, kept->count, &at, held[i].id))
			held[i].flags |= MESSAGE_REGION_KEPT;
}

void kept_clear(struct kept *kept)
{
	free(kept->ids);
	*kept = (struct kept){ 0 };
}
