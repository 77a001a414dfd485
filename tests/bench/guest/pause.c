// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pause - stops the machine
 *
 * Tells QEMU's pvpanic device that the guest has panicked; with "-action
 * panic=pause" QEMU stops it there, to save it, and this program ends when the
 * machine goes on, here or restored elsewhere. Nothing comes in from outside
 * for that, so the machine goes on at the very instruction.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>

#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1

int main(void)
{
	if (ioperm(PVPANIC_PORT, 1, 1)) {
		fprintf(stderr, "pause: ioperm: %s\n", strerror(errno));
		return 1;
	}
	outb(PVPANIC_PANICKED, PVPANIC_PORT);
	return 0;
}
