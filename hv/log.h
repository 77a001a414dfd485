/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contigd's log: lines on standard error, which systemd files away. */
#ifndef CONTIG_HV_LOG_H
#define CONTIG_HV_LOG_H

#include <stdint.h>

/*
 * Lines that one guest may cause: a hostile one must not fill the disk. What
 * was left out is counted and said with the next line.
 */
#define LOG_BURST_LINES 20
#define LOG_WINDOW_NS UINT64_C(60000000000)

struct log_limit {
	uint64_t window_start_ns;
	unsigned int lines;
	uint64_t left_out;
};

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_line(), about @guest and within its limit. */
void log_guest(struct log_limit *limit, const char *guest, const char *format,
	       ...) __attribute__((format(printf, 3, 4)));

#endif
