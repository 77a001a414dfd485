// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/registry.h"

#include <string.h>

void registry_init(struct registry *registry)
{
	*registry = (struct registry){ 0 };
	registry->end = &registry->first;
}

void registry_add(struct registry *registry, struct guest *guest)
{
	*registry->end = guest;
	registry->end = &guest->next;
	registry->count++;
}

struct guest *registry_find(const struct registry *registry, const char *name)
{
	struct guest *guest;

	for (guest = registry->first; guest != NULL; guest = guest->next) {
		if (strcmp(guest->name, name) == 0)
			return guest;
	}
	return NULL;
}

void registry_free(struct registry *registry)
{
	struct guest *guest;
	struct guest *next;

	for (guest = registry->first; guest != NULL; guest = next) {
		next = guest->next;
		guest_free(guest);
	}
	registry_init(registry);
}
