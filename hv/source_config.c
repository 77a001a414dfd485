// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/source_config.h"

int source_config_add(struct registry *registry, const struct config *config,
		      sd_event *event, struct worker_pool *workers)
{
	struct guest *guest;
	unsigned int i;
	int r;

	for (i = 0; i < config->nr_guests; i++) {
		r = guest_new(event, workers, &config->guests[i],
			      config->evidence, &guest);
		if (r < 0)
			return r;
		registry_add(registry, guest);
	}
	return 0;
}
