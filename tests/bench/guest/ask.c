// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

void ask(const char *path, const char *words, char *answer, size_t size)
{
	char fifo[256];
	size_t used = 0;
	ssize_t n;
	int fd;

	snprintf(fifo, sizeof(fifo), "%s.in", path);
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "%s\n", words) < 0)
		control_fail("%s: %s", fifo, strerror(errno));
	close(fd);
	snprintf(fifo, sizeof(fifo), "%s.out", path);
	fd = open(fifo, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		control_fail("%s: %s", fifo, strerror(errno));
	while (used < size - 1 &&
	       (n = read(fd, answer + used, size - 1 - used)) > 0)
		used += n;
	answer[used] = '\0';
	close(fd);
	if (!used)
		control_fail("%s: no answer to '%s'", path, words);
}
