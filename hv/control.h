/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket that contigctl talks to: one command for each connection.
 * command.h has the format.
 */
#ifndef CONTIG_HV_CONTROL_H
#define CONTIG_HV_CONTROL_H

#include <systemd/sd-event.h>

#include "hv/registry.h"

struct control;

/**
 * control_new() - serve a listening socket
 * @fd: taken over.
 * @max_clients: further ones are told to come again.
 */
int control_new(sd_event *event, int fd, struct registry *registry,
		unsigned int max_clients, struct control **ret_control);

/* Stops listening; jobs are abandoned, which lets them give back regions. */
void control_close(struct control *control);
void control_free(struct control *control);

#endif
