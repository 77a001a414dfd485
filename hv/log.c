// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "hv/clock.h"
#include "hv/failure.h"

static void log_valist(const char *guest, uint64_t left_out,
		       const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void log_valist(const char *guest, uint64_t left_out,
		       const char *format, va_list args)
{
	char text[1024];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		return;
	failure_make_printable(text);
	if (guest != NULL && left_out > 0)
		fprintf(stderr, "contigd: guest %s: %s (%ju lines left out)\n",
			guest, text, (uintmax_t)left_out);
	else if (guest != NULL)
		fprintf(stderr, "contigd: guest %s: %s\n", guest, text);
	else
		fprintf(stderr, "contigd: %s\n", text);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_valist(NULL, 0, format, args);
	va_end(args);
}

void log_guest(struct log_limit *limit, const char *guest, const char *format,
	       ...)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t left_out;
	va_list args;

	if (limit->lines == 0 ||
	    now_ns - limit->window_start_ns >= LOG_WINDOW_NS) {
		limit->window_start_ns = now_ns;
		limit->lines = 0;
	}
	if (limit->lines >= LOG_BURST_LINES) {
		limit->left_out++;
		return;
	}
	limit->lines++;
	left_out = limit->left_out;
	limit->left_out = 0;
	va_start(args, format);
	log_valist(guest, left_out, format, args);
	va_end(args);
}
