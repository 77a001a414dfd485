/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for each thing that an operator wants to know. Lines are limited
 * in number, so that a faulty host can't fill the guest's disk.
 */
#ifndef CONTIG_AGENT_LOG_H
#define CONTIG_AGENT_LOG_H

/* Numbers of syslog(3), which journald and /dev/kmsg understand as <N>. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
};

/* Log to the kernel's log instead of standard error. Return: 0 or -errno. */
int log_to_kernel(void);

/* @format has no newline. */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
