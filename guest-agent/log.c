// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guest-agent/log.h"

/* So many lines at once, then one each LINE_NS: about 8 MB a day at worst. */
#define BURST_LINES 40
#define LINE_NS UINT64_C(1000000000)

#define MAX_LINE_BYTES 400

static int log_fd = STDERR_FILENO;
static bool log_has_levels;

int log_to_kernel(void)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	log_fd = fd;
	log_has_levels = true;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	       (uint64_t)now.tv_nsec;
}

/* Returns whether a line may be written, and how many were not before it. */
static bool take_token(unsigned int *ret_suppressed)
{
	static unsigned int tokens = BURST_LINES, suppressed;
	static uint64_t last_ns;
	uint64_t now = now_ns(), earned;

	if (!last_ns)
		last_ns = now;
	earned = (now - last_ns) / LINE_NS;
	last_ns += earned * LINE_NS;
	tokens = earned >= BURST_LINES - tokens ? BURST_LINES :
						  tokens + (unsigned int)earned;
	if (!tokens) {
		suppressed++;
		return false;
	}
	tokens--;
	*ret_suppressed = suppressed;
	suppressed = 0;
	return true;
}

static void write_line(enum log_level level, const char *text)
{
	char line[MAX_LINE_BYTES + 40], prefix[8] = "";
	int size;

	if (log_has_levels || getenv("JOURNAL_STREAM"))
		snprintf(prefix, sizeof(prefix), "<%d>", (int)level);
	size = snprintf(line, sizeof(line), "%scontig-agent: %s\n", prefix,
			text);
	/* One write, so that lines of several programs don't mix. */
	if (size > 0 && write(log_fd, line, (size_t)size) < 0)
		return; /* nowhere left to complain */
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[MAX_LINE_BYTES];
	unsigned int suppressed;
	va_list args;

	if (!take_token(&suppressed))
		return;
	if (suppressed) {
		snprintf(text, sizeof(text), "%u more lines suppressed",
			 suppressed);
		write_line(LOG_LEVEL_WARNING, text);
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write_line(level, text);
}
