/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a shell in the guest talks with a test program that stays: the program
 * is started with a path P and goes into the background once it is ready;
 * then "tell P WORDS" (a script in the guest) prints its answer.
 */
#ifndef CONTIG_TESTS_GUEST_CONTROL_H
#define CONTIG_TESTS_GUEST_CONTROL_H

#include <stddef.h>

/* Forks; the parent ends with the child's first answer, or its failure. */
void control_start(const char *path);

/* The answer; the first one also says that the program is ready. */
void control_answer(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * The last answer; ends the program. Who asked sees the answer's end only
 * after the program's memory has been freed: a process that ends gives up its
 * memory before its files.
 */
void control_bye(const char *answer) __attribute__((noreturn));

/*
 * Waits for the next command; a @timeout_ms of -1 is no limit.
 *
 * Return: 1 with the command in @line, 0 after @timeout_ms.
 */
int control_next(char *line, size_t size, int timeout_ms);

/* One line on standard error, then the program ends with 1. */
void control_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif
