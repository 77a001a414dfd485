// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest-qmp SOCKET SECONDS JSON: one QMP command; prints the line with its
 * answer, skips events. Ends with 1 when the answer is an error.
 */
#include "tests/lib/peer.h"

#include <stdio.h>
#include <string.h>

static struct peer qemu;

/* Answers have no newline inside; events have "event" as their second key. */
static void read_answer(char *line, size_t size)
{
	do {
		peer_line(&qemu, INT64_MAX, line, size);
	} while (strncmp(line, "{\"return\"", 9) &&
		 strncmp(line, "{\"error\"", 8));
}

int main(int argc, char **argv)
{
	static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
	static char line[1 << 20];

	if (argc != 4) {
		fprintf(stderr, "usage: guest-qmp SOCKET SECONDS JSON\n");
		return PEER_EXIT_FAILED;
	}
	peer_open(&qemu, argv[1], argv[2]);
	peer_write(&qemu, hello, strlen(hello));
	read_answer(line, sizeof(line));
	peer_write(&qemu, argv[3], strlen(argv[3]));
	peer_write(&qemu, "\n", 1);
	read_answer(line, sizeof(line));
	line[strcspn(line, "\r")] = '\0';
	puts(line);
	return !strncmp(line, "{\"error\"", 8);
}
