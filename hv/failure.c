// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/failure.h"

#include <stdio.h>

void failure_make_printable(char *text)
{
	unsigned char *c;

	/* ASCII only: a guest's text must not steer a terminal. */
	for (c = (unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
}

void failure_vset(struct failure *failure, enum exit_status exit,
		  const char *format, va_list args)
{
	failure->exit = exit;
	if (vsnprintf(failure->text, sizeof(failure->text), format, args) < 0)
		failure->text[0] = '\0';
	failure_make_printable(failure->text);
}

void failure_set(struct failure *failure, enum exit_status exit,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	failure_vset(failure, exit, format, args);
	va_end(args);
}
