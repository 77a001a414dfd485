/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A unix socket with a deadline, for the host side of tests. */
#ifndef CONTIG_TESTS_LIB_PEER_H
#define CONTIG_TESTS_LIB_PEER_H

#include <stddef.h>
#include <stdint.h>

/* What these programs exit with when it is not the guest's own status. */
#define PEER_EXIT_DEADLINE 250
#define PEER_EXIT_FAILED 251

struct peer {
	const char *name; /* for messages */
	int fd;
	int64_t deadline_ns; /* CLOCK_MONOTONIC */
	char buf[8192];
	size_t start;
	size_t end;
};

int64_t peer_now_ns(void);

/* Connects; exits with one line on standard error when that fails. */
void peer_open(struct peer *peer, const char *path, const char *seconds);

/* Writes all of it, or exits. */
void peer_write(struct peer *peer, const char *buf, size_t size);

/*
 * Reads one byte into @ret_byte.
 *
 * Return: 1, or 0 when nothing came until @until_ns; exits at the peer's own
 * deadline or when the other side has closed.
 */
int peer_byte(struct peer *peer, int64_t until_ns, char *ret_byte);

/* Reads up to a newline, which is dropped; what does not fit is cut off. */
int peer_line(struct peer *peer, int64_t until_ns, char *line, size_t size);

#endif
