// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t peer_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

void peer_open(struct peer *peer, const char *path, const char *seconds)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	peer->name = path;
	peer->start = 0;
	peer->end = 0;
	peer->deadline_ns = peer_now_ns() +
			    atoll(seconds) * INT64_C(1000000000);
	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: path too long for a socket\n", path);
		exit(PEER_EXIT_FAILED);
	}
	strcpy(addr.sun_path, path);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 ||
	    connect(peer->fd, (struct sockaddr *)&addr, sizeof(addr))) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(PEER_EXIT_FAILED);
	}
}

/* Returns 0 when until_ns came first. */
static int peer_wait(struct peer *peer, short events, int64_t until_ns)
{
	for (;;) {
		struct pollfd pfd = { .fd = peer->fd, .events = events };
		int64_t now_ns = peer_now_ns();
		int64_t end_ns = until_ns < peer->deadline_ns ?
				 until_ns : peer->deadline_ns;
		int ready;

		if (now_ns >= peer->deadline_ns) {
			fprintf(stderr, "%s: no answer before the deadline\n",
				peer->name);
			exit(PEER_EXIT_DEADLINE);
		}
		if (now_ns >= until_ns)
			return 0;
		ready = poll(&pfd, 1, (end_ns - now_ns) / 1000000 + 1);
		if (ready > 0)
			return 1;
		if (ready < 0 && errno != EINTR) {
			perror("poll");
			exit(PEER_EXIT_FAILED);
		}
	}
}

void peer_write(struct peer *peer, const char *buf, size_t size)
{
	while (size) {
		ssize_t n;

		peer_wait(peer, POLLOUT, INT64_MAX);
		n = send(peer->fd, buf, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0) {
			fprintf(stderr, "%s: %s\n", peer->name,
				strerror(errno));
			exit(PEER_EXIT_FAILED);
		}
		buf += n;
		size -= n;
	}
}

int peer_byte(struct peer *peer, int64_t until_ns, char *ret_byte)
{
	while (peer->start == peer->end) {
		ssize_t n;

		if (!peer_wait(peer, POLLIN, until_ns))
			return 0;
		n = read(peer->fd, peer->buf, sizeof(peer->buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fprintf(stderr, "%s: the other side has gone\n",
				peer->name);
			exit(PEER_EXIT_FAILED);
		}
		peer->start = 0;
		peer->end = n;
	}
	*ret_byte = peer->buf[peer->start++];
	return 1;
}

int peer_line(struct peer *peer, int64_t until_ns, char *line, size_t size)
{
	size_t used = 0;
	char c;

	for (;;) {
		if (!peer_byte(peer, until_ns, &c))
			return 0;
		if (c == '\n')
			break;
		if (used < size - 1)
			line[used++] = c;
	}
	line[used] = '\0';
	return 1;
}
