// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/common/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT (UINT64_C(1) << 63)
#define FRAME_MASK ((UINT64_C(1) << 55) - 1)

void pagemap_frames(const void *start, size_t nr, uint64_t *frames)
{
	off_t at = (uintptr_t)start / PAGE_BYTES * sizeof(*frames);
	size_t bytes = nr * sizeof(*frames), done = 0;
	static pid_t opened_by;
	static int fd = -1;

	/* A parent's shows the parent's memory. */
	if (opened_by != getpid()) {
		if (fd >= 0)
			close(fd);
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
		opened_by = getpid();
	}
	while (done < bytes) {
		ssize_t n = pread(fd, (char *)frames + done, bytes - done,
				  at + (off_t)done);

		if (n <= 0)
			control_fail("pagemap: %s",
				     n ? strerror(errno) : "ends too early");
		done += n;
	}
	for (size_t i = 0; i < nr; i++)
		frames[i] = frames[i] & PRESENT ? frames[i] & FRAME_MASK : 0;
}
