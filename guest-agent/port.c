// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port's node, vportNpM, appears in /dev before its name appears in sysfs
 * (the name comes in a control message of its own), and with udev a symbolic
 * link by name comes later still. So a new node is only the hint to look
 * more often for a while; what is looked at is sysfs, which needs no udev.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guest-agent/log.h"
#include "guest-agent/port.h"

/* Whether the file at @path in @dir_fd holds @name and a newline. */
static bool has_name(int dir_fd, const char *path, const char *name)
{
	char text[256];
	ssize_t size;
	int fd;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, name);
}

/* Return: 0, or -ENOENT when no port has the name (yet). */
static int find_node(const struct port *port, char *ret_node, size_t size)
{
	int err = -ENOENT;
	struct dirent *entry;
	DIR *dir;

	dir = opendir(port->paths.sysfs);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char path[NAME_MAX + sizeof("/name")];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/name", entry->d_name);
		if (!has_name(dirfd(dir), path, port->name))
			continue;
		snprintf(ret_node, size, "%s", entry->d_name);
		err = 0;
		break;
	}
	closedir(dir);
	return err;
}

static int open_node(const struct port *port)
{
	char node[NAME_MAX + 1], path[PATH_MAX];
	int err, fd;

	err = find_node(port, node, sizeof(node));
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s", port->paths.dev, node);
	/*
	 * O_NONBLOCK from the start: without it a write blocks for as long as
	 * the host keeps its end closed.
	 */
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		/* A udev rule may have renamed the node. */
		snprintf(path, sizeof(path), "%s/virtio-ports/%s",
			 port->paths.dev, port->name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	return fd < 0 ? -errno : fd;
}

static void look_in(struct port *port, unsigned int ms)
{
	struct itimerspec when = {
		.it_value = {
			.tv_sec = ms / 1000,
			.tv_nsec = (long)(ms % 1000) * 1000000,
		},
	};

	timerfd_settime(port->timer_fd, 0, &when, NULL);
}

static void tell(struct port *port, int err)
{
	if (err == port->told)
		return;
	port->told = err;
	switch (err) {
	case -ENOENT:
		log_line(LOG_LEVEL_WARNING,
			 "port %s: not there; waiting for the host to plug it in",
			 port->name);
		break;
	case -EBUSY:
		log_line(LOG_LEVEL_ERROR,
			 "port %s: another program has it open; end that one",
			 port->name);
		break;
	default:
		log_line(LOG_LEVEL_ERROR, "port %s: %s; trying again",
			 port->name, strerror(-err));
	}
}

bool port_look(struct port *port)
{
	int fd;

	if (port->fd >= 0)
		return false;
	fd = open_node(port);
	if (fd >= 0) {
		port->fd = fd;
		port->told = 0;
		look_in(port, 0);
		log_line(LOG_LEVEL_INFO, "port %s: open", port->name);
		return true;
	}
	tell(port, fd);
	look_in(port, port->wait_ms);
	port->wait_ms = port->wait_ms * 2 < PORT_MAX_WAIT_MS ?
				port->wait_ms * 2 :
				PORT_MAX_WAIT_MS;
	return false;
}

bool port_changed(struct port *port)
{
	char events[4096]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	bool has_news = false;

	/* Names don't matter: a timely look costs little. */
	while (read(port->watch_fd, events, sizeof(events)) > 0)
		has_news = true;
	if (!has_news || port->fd >= 0)
		return false;
	port->wait_ms = PORT_MIN_WAIT_MS;
	return port_look(port);
}

bool port_timer(struct port *port)
{
	unsigned long long count;

	if (read(port->timer_fd, &count, sizeof(count)) < 0)
		return false;
	return port_look(port);
}

void port_lost(struct port *port, int err)
{
	if (port->fd < 0)
		return;
	log_line(LOG_LEVEL_WARNING, "port %s: gone: %s", port->name,
		 strerror(-err));
	close(port->fd);
	port->fd = -1;
	port->wait_ms = PORT_MIN_WAIT_MS;
	look_in(port, port->wait_ms);
}

int port_init(struct port *port, const char *name,
	      const struct port_paths *paths)
{
	*port = (struct port){
		.name = name,
		.paths = *paths,
		.fd = -1,
		.wait_ms = PORT_MIN_WAIT_MS,
	};
	port->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (port->timer_fd < 0)
		return -errno;
	/* Without it (a kernel without inotify) the timer finds the port. */
	port->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (port->watch_fd >= 0 &&
	    inotify_add_watch(port->watch_fd, paths->dev,
			      IN_CREATE | IN_ONLYDIR) < 0) {
		close(port->watch_fd);
		port->watch_fd = -1;
	}
	return 0;
}

void port_exit(struct port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	if (port->watch_fd >= 0)
		close(port->watch_fd);
	close(port->timer_fd);
}
