// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hv/pagemap_scan.h"

static const unsigned int kept[] = { CAP_SYS_PTRACE, CAP_SYS_NICE,
				     CAP_DAC_OVERRIDE };

static bool have_pagemap_scan(void)
{
	struct pagemap_scan_arg arg = { .size = sizeof(arg) };
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool have;

	if (fd < 0)
		return false;
	/* An empty range: only a kernel that knows the call accepts it. */
	have = ioctl(fd, PAGEMAP_SCAN_IOCTL, &arg) >= 0 || errno != ENOTTY;
	close(fd);
	return have;
}

int privileges_drop(void)
{
	bool had[sizeof(kept) / sizeof(kept[0])];
	bool admin;
	size_t i;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (capng_get_caps_process() < 0)
		return -EIO;
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]);
	admin = capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN) &&
		!have_pagemap_scan();
	capng_clear(CAPNG_SELECT_CAPS);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (had[i] &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				 kept[i]) < 0)
			return -EIO;
	}
	if (admin && capng_update(CAPNG_ADD,
				  CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				  CAP_SYS_ADMIN) < 0)
		return -EIO;
	return capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
}
