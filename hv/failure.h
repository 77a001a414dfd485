/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator is told when something fails: one line that names the
 * thing, says what is wrong and what to do, and contigctl's exit status.
 */
#ifndef CONTIG_HV_FAILURE_H
#define CONTIG_HV_FAILURE_H

#include <stdarg.h>

enum exit_status {
	EXIT_REACHED = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTLY = 3,
	EXIT_UNREACHABLE = 4,
};

/* Longer texts are cut: a line is for a person. */
#define FAILURE_TEXT_BYTES 512

struct failure {
	enum exit_status exit;
	char text[FAILURE_TEXT_BYTES];
};

/* Fills in @failure; bytes that would not print become '?'. */
void failure_set(struct failure *failure, enum exit_status exit,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

void failure_vset(struct failure *failure, enum exit_status exit,
		  const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Replaces control characters, since part of a text may be a guest's. */
void failure_make_printable(char *text);

#endif
