/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that contigd knows: its monitor, its agent, its jobs. */
#ifndef CONTIG_HV_GUEST_H
#define CONTIG_HV_GUEST_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "hv/config.h"
#include "hv/log.h"
#include "hv/qmp.h"
#include "hv/session.h"
#include "hv/worker.h"

#define GUEST_SAID_BYTES 256

struct job;

struct guest {
	struct guest *next;
	char name[CONFIG_MAX_NAME_BYTES];
	char qmp_path[CONFIG_PATH_BYTES];
	char agent_path[CONFIG_PATH_BYTES];
	sd_event *event;
	struct worker_pool *workers;
	enum evidence_method evidence;
	struct qmp *qmp;
	struct session *session; /* NULL: the guest has no agent */
	/*
	 * The job that has the agent and the host's side to itself. Others
	 * wait behind it as long as it and those that wait are short ones, and
	 * are refused if not.
	 */
	struct job *job;
	struct job *waiting; /* first come first */
	/*
	 * Jobs that run beside that one, without the agent. Each has a command
	 * under way in QEMU's monitor, which the first must not lack for.
	 */
	unsigned int nr_sharing;
	struct job *waiting_to_share; /* first come first */
	struct log_limit log_limit;
	/* What was logged last of each, so that it is not said again. */
	char qmp_said[GUEST_SAID_BYTES];
	char agent_said[GUEST_SAID_BYTES];
};

/**
 * guest_new() - begin to care for a guest
 *
 * Where guests come from is the caller's business. Return: 0 or an errno.
 */
int guest_new(sd_event *event, struct worker_pool *workers,
	      const struct config_guest *config, enum evidence_method evidence,
	      struct guest **ret_guest);
/* Only when no job is left. */
void guest_free(struct guest *guest);

#endif
