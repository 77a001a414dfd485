/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a line from QEMU's monitor is. Pure; no input may upset it. */
#ifndef CONTIG_HV_QMP_LINE_H
#define CONTIG_HV_QMP_LINE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum qmp_line_kind {
	QMP_LINE_OTHER, /* an event, or what a later QEMU may send */
	QMP_LINE_GREETING,
	QMP_LINE_RETURN,
	QMP_LINE_ERROR,
};

struct qmp_line {
	enum qmp_line_kind kind;
	uint64_t id; /* of the command that it answers; 0: none */
	json_t *result; /* borrowed from document; "return" or "error" */
	json_t *document; /* for json_decref() */
};

/**
 * qmp_line_parse() - understand one line
 *
 * Return: 0, and the caller drops @ret_line->document; -EBADMSG when it is no
 * JSON object.
 */
int qmp_line_parse(const char *text, size_t bytes, struct qmp_line *ret_line);

#endif
