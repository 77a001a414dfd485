// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/ctl_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 40

static bool shown;

bool ctl_progress_wanted(void)
{
	return isatty(STDERR_FILENO) == 1;
}

void ctl_progress_show(const char *phase, uint64_t done, uint64_t total)
{
	char bar[BAR_WIDTH + 1];
	uint64_t filled;

	if (!ctl_progress_wanted() || total == 0)
		return;
	if (done > total)
		done = total;
	filled = done * BAR_WIDTH / total;
	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', filled);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r%-8.8s [%s] %" PRIu64 "/%" PRIu64 "\033[K", phase,
		bar, done, total);
	fflush(stderr);
	shown = true;
}

void ctl_progress_clear(void)
{
	if (!shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	shown = false;
}
