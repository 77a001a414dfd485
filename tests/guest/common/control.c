// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/common/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char in_path[256], out_path[256];
static int in_fd = -1;
static int ready_fd = -1; /* the parent's end, until the first answer */

void control_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void wait_until_ready(int fd, pid_t child)
{
	char buf[512];
	ssize_t n = read(fd, buf, sizeof(buf));
	int status;

	if (n > 0) {
		fwrite(buf, 1, n, stdout);
		exit(0);
	}
	waitpid(child, &status, 0);
	exit(1);
}

void control_start(const char *path)
{
	int ready[2];
	pid_t child;

	snprintf(in_path, sizeof(in_path), "%s.in", path);
	snprintf(out_path, sizeof(out_path), "%s.out", path);
	unlink(in_path);
	unlink(out_path);
	if (mkfifo(in_path, 0600) || mkfifo(out_path, 0600))
		control_fail("%s: %s", in_path, strerror(errno));
	if (pipe2(ready, O_CLOEXEC))
		control_fail("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		control_fail("fork: %s", strerror(errno));
	if (child) {
		close(ready[1]);
		wait_until_ready(ready[0], child);
	}
	close(ready[0]);
	ready_fd = ready[1];
	setsid();
	/* For writing too: without a writer the reader would see an end. */
	in_fd = open(in_path, O_RDWR | O_CLOEXEC);
	if (in_fd < 0)
		control_fail("%s: %s", in_path, strerror(errno));
}

void control_answer(const char *format, ...)
{
	int fd = ready_fd, size;
	char text[512];
	va_list args;

	ready_fd = -1;
	if (fd < 0)
		fd = open(out_path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		control_fail("%s: %s", out_path, strerror(errno));
	va_start(args, format);
	size = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	if (size < 0 || (size_t)size >= sizeof(text) - 1)
		control_fail("control_answer: too long");
	text[size++] = '\n';
	/* In one piece: the reader may be gone after the first. */
	if (write(fd, text, size) != size)
		control_fail("%s: %s", out_path, strerror(errno));
	close(fd);
}

void control_bye(const char *answer)
{
	int fd = open(out_path, O_WRONLY | O_CLOEXEC);

	unlink(in_path);
	unlink(out_path);
	dprintf(fd, "%s\n", answer);
	exit(0);
}

int control_next(char *line, size_t size, int timeout_ms)
{
	struct pollfd pfd = { .fd = in_fd, .events = POLLIN };
	size_t used = 0;
	char c = 0;

	if (poll(&pfd, 1, timeout_ms) <= 0)
		return 0;
	while (c != '\n') {
		if (read(in_fd, &c, 1) != 1)
			control_fail("%s: %s", in_path, strerror(errno));
		if (c != '\n' && used < size - 1)
			line[used++] = c;
	}
	line[used] = '\0';
	return 1;
}
