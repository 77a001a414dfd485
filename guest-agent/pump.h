/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves bytes between the port and a session, for edge-triggered epoll: goes
 * on until the port has nothing more, or takes nothing more.
 */
#ifndef CONTIG_AGENT_PUMP_H
#define CONTIG_AGENT_PUMP_H

#include "guest-agent/session.h"

/**
 * pump_in() - read what there is
 *
 * Return: 0 when the port is drained; 1 when there is more, after a share
 * that leaves time for timers and the worker; -errno when the port is gone.
 */
int pump_in(int fd, struct session *session);

/**
 * pump_out() - write what waits, as far as it goes
 *
 * Return: 0, or -errno when the port is gone.
 */
int pump_out(int fd, struct session *session);

#endif
