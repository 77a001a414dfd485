/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All guests. Where they come from is the business of source_*.c. */
#ifndef CONTIG_HV_REGISTRY_H
#define CONTIG_HV_REGISTRY_H

#include "hv/guest.h"

struct registry {
	struct guest *first; /* in the order in which they were added */
	struct guest **end;
	unsigned int count;
};

void registry_init(struct registry *registry);
void registry_add(struct registry *registry, struct guest *guest);
struct guest *registry_find(const struct registry *registry, const char *name);
/* Frees the guests too. */
void registry_free(struct registry *registry);

#endif
