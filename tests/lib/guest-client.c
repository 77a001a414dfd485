// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest-client SOCKET SECONDS COMMAND|--ping: has guest-runner run a shell
 * command, prints what it printed and ends with its status; 250 when the
 * answer did not come in time, 251 when the guest is gone.
 */
#include "tests/lib/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PING_INTERVAL_NS INT64_C(200000000)

static struct peer guest;

/*
 * Bytes sent before the guest has opened its serial line are lost, so the
 * question is put again until it is answered.
 */
static void ping(const char *nonce)
{
	char ask[64], want[64], line[256];

	snprintf(ask, sizeof(ask), "\nPING %s\n", nonce);
	snprintf(want, sizeof(want), "PONG %s", nonce);
	for (;;) {
		int64_t again_ns = peer_now_ns() + PING_INTERVAL_NS;

		peer_write(&guest, ask, strlen(ask));
		while (peer_line(&guest, again_ns, line, sizeof(line)))
			if (!strcmp(line, want))
				return;
	}
}

static int run(const char *nonce, const char *command)
{
	char head[64], line[256], got[33];
	long long size;
	int status;

	snprintf(head, sizeof(head), "RUN %s %zu\n", nonce, strlen(command));
	peer_write(&guest, head, strlen(head));
	peer_write(&guest, command, strlen(command));
	do {
		peer_line(&guest, INT64_MAX, line, sizeof(line));
	} while (sscanf(line, "DONE %32s %d %lld", got, &status, &size) != 3 ||
		 strcmp(got, nonce));
	while (size-- > 0) {
		char c;

		peer_byte(&guest, INT64_MAX, &c);
		putchar(c);
	}
	if (fflush(stdout)) {
		perror("standard output");
		return PEER_EXIT_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	char nonce[33];
	uint64_t random;

	if (argc != 4) {
		fprintf(stderr,
			"usage: guest-client SOCKET SECONDS COMMAND|--ping\n");
		return PEER_EXIT_FAILED;
	}
	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		perror("getrandom");
		return PEER_EXIT_FAILED;
	}
	snprintf(nonce, sizeof(nonce), "%016llx", (unsigned long long)random);
	peer_open(&guest, argv[1], argv[2]);
	ping(nonce);
	return strcmp(argv[3], "--ping") ? run(nonce, argv[3]) : 0;
}
