// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * With "-action panic=pause" QEMU stops the machine when the pvpanic device is
 * told that the guest has panicked. Nothing comes in from outside for that, so
 * the machine goes on at the very instruction.
 *
 * Not always at the very time: with -icount the clock is put forward to the
 * next timer when no processor has anything to do, and QEMU may take one that
 * has just stopped for such a one. So a time is waited for that is the same in
 * both cases.
 */
#include "tests/bench/guest/pause.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/io.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

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

void pause_machine(void)
{
	struct itimerspec settled = { 0 };
	struct timespec now;
	uint64_t times;
	int timer;

	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (timer < 0 || ioperm(PVPANIC_PORT, 1, 1))
		control_fail("pause: %s", strerror(errno));
	clock_gettime(CLOCK_MONOTONIC, &now);
	settled.it_value = after_ms(now, SETTLE_MS);
	outb(PVPANIC_PANICKED, PVPANIC_PORT);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!earlier(now, settled.it_value))
		control_fail("pause: the clock went on by more than %d ms",
			     SETTLE_MS);
	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &settled, NULL) ||
	    read(timer, &times, sizeof(times)) != sizeof(times))
		control_fail("pause: timerfd: %s", strerror(errno));
	close(timer);
}
