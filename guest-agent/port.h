/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-serial port: find it by its name, wait until there is one, and
 * see it come back after it was unplugged.
 */
#ifndef CONTIG_AGENT_PORT_H
#define CONTIG_AGENT_PORT_H

#include <stdbool.h>

struct port_paths {
	const char *sysfs; /* "/sys/class/virtio-ports" */
	const char *dev; /* "/dev" */
};

struct port {
	const char *name;
	struct port_paths paths;
	int fd; /* the open port, non-blocking; -1: none */
	int watch_fd; /* inotify on paths.dev; -1: the timer has to do */
	int timer_fd; /* when to look again */
	unsigned int wait_ms; /* until then; doubles */
	int told; /* the errno that was logged last */
};

#define PORT_MIN_WAIT_MS 100
#define PORT_MAX_WAIT_MS 5000

/* Return: 0 or -errno. Call port_look() afterwards. */
int port_init(struct port *port, const char *name,
	      const struct port_paths *paths);
void port_exit(struct port *port);

/**
 * port_look() - open the port if it is there
 *
 * Return: whether port->fd was opened just now. If not, timer_fd becomes
 * readable when it is time to look again.
 */
bool port_look(struct port *port);

/* watch_fd is readable. Return: as port_look(). */
bool port_changed(struct port *port);

/* timer_fd is readable. Return: as port_look(). */
bool port_timer(struct port *port);

/* The port is gone or broken: closes it and begins to look again. */
void port_lost(struct port *port, int err);

#endif
