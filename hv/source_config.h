/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that the configuration file names. */
#ifndef CONTIG_HV_SOURCE_CONFIG_H
#define CONTIG_HV_SOURCE_CONFIG_H

#include "hv/config.h"
#include "hv/registry.h"
#include "hv/worker.h"

/* Adds them all. Return: 0 or a negative errno. */
int source_config_add(struct registry *registry, const struct config *config,
		      sd_event *event, struct worker_pool *workers);

#endif
