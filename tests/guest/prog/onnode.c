// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * onnode - runs a program whose memory is bound to a NUMA node
 *
 *	onnode NODE PROGRAM [ARGUMENTS...]
 *
 * By set_mempolicy(MPOL_BIND), which the program inherits.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long node, mask;

	node = argc > 2 ? strtoul(argv[1], NULL, 10) : 64;
	if (node >= 8 * sizeof(mask)) {
		fprintf(stderr, "usage: onnode NODE PROGRAM [ARGUMENTS...]\n");
		return 2;
	}
	mask = 1UL << node;
	/* The kernel takes one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask,
		    8 * sizeof(mask) + 1)) {
		fprintf(stderr, "onnode: set_mempolicy: %s\n", strerror(errno));
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "onnode: %s: %s\n", argv[2], strerror(errno));
	return 1;
}
