// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring - memory of the kernel's own in large pieces, for a program
 *
 *	ring CONTROL ORDER N	takes N pieces of 2^ORDER pages, of order 10 at
 *				most; answers "taken=N whole=M": as many are in
 *				one piece
 *
 * tell CONTROL quit
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/packet_ring.h"

int main(int argc, char **argv)
{
	unsigned long order = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	struct rlimit files = { n + 64, n + 64 };
	unsigned int whole = 0;
	char line[64];

	if (!n || order > PACKET_RING_MAX_ORDER)
		control_fail("usage: see the head of ring.c");
	control_start(argv[1]);
	if (setrlimit(RLIMIT_NOFILE, &files))
		control_fail("ring: setrlimit: %s", strerror(errno));
	for (unsigned long i = 0; i < n; i++)
		whole += packet_ring_is_whole(packet_ring(order), order);
	control_answer("taken=%lu whole=%u", n, whole);
	control_next(line, sizeof(line), -1);
	control_bye("bye");
}
