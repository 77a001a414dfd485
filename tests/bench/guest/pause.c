// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pause - stops the machine
 *
 * Tells QEMU's pvpanic device that the guest has panicked; with "-action
 * panic=pause" QEMU stops it there, to save it, and this program ends when the
 * machine goes on, here or restored elsewhere. Nothing comes in from outside
 * for that, so the machine goes on at the very instruction.
 *
 * Not always at the very time: with -icount the clock is put forward to the
 * next timer when no processor has anything to do, and QEMU may take one that
 * has just stopped for such a one. So this program then waits for a time that
 * is the same in both cases.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1

/* Timers of the machine are a few milliseconds apart. */
#define SETTLE_MS 200

static struct timespec after_ms(struct timespec ts, long ms)
{
	ts.tv_nsec += ms * 1000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	return ts;
}

static bool earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

int main(void)
{
	struct itimerspec settled = { 0 };
	struct timespec now;
	uint64_t times;
	int timer;

	if (ioperm(PVPANIC_PORT, 1, 1))
		return fail("ioperm");
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer < 0)
		return fail("timerfd_create");
	clock_gettime(CLOCK_MONOTONIC, &now);
	settled.it_value = after_ms(now, SETTLE_MS);
	outb(PVPANIC_PANICKED, PVPANIC_PORT);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!earlier(now, settled.it_value)) {
		fprintf(stderr, "the clock went on by more than %d ms\n",
			SETTLE_MS);
		return 1;
	}
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &settled, NULL) ||
	    read(timer, &times, sizeof(times)) != sizeof(times))
		return fail("timerfd");
	return 0;
}
