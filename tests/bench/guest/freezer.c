// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/freezer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

#define ROOT "/sys/fs/cgroup"
#define GROUP ROOT "/scene"
#define DEADLINE_NS UINT64_C(10000000000)

void freezer_prepare(void)
{
	if (mount("cgroup", ROOT, "cgroup2", 0, NULL) || mkdir(GROUP, 0755))
		control_fail("scene: %s: %s", GROUP, strerror(errno));
}

void freezer_join(void)
{
	stat_write(GROUP "/cgroup.procs", "0");
}

void freezer_freeze(void)
{
	uint64_t start_ns = stat_clock_ns();

	stat_write(GROUP "/cgroup.freeze", "1");
	while (!stat_read(GROUP "/cgroup.events", "frozen")) {
		if (stat_clock_ns() - start_ns > DEADLINE_NS)
			control_fail("scene: programs do not stop");
		poll(NULL, 0, 1);
	}
}

void freezer_thaw(void)
{
	stat_write(GROUP "/cgroup.freeze", "0");
}
