// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/qmp_line.h"

#include <errno.h>

int qmp_line_parse(const char *text, size_t bytes, struct qmp_line *ret_line)
{
	struct qmp_line line = { .kind = QMP_LINE_OTHER };
	json_error_t error;
	json_t *id;

	line.document = json_loadb(text, bytes, 0, &error);
	if (line.document == NULL)
		return -EBADMSG;
	if (!json_is_object(line.document)) {
		json_decref(line.document);
		return -EBADMSG;
	}
	id = json_object_get(line.document, "id");
	if (json_is_integer(id) && json_integer_value(id) > 0)
		line.id = (uint64_t)json_integer_value(id);
	if (json_is_object(json_object_get(line.document, "QMP"))) {
		line.kind = QMP_LINE_GREETING;
	} else if (json_object_get(line.document, "return") != NULL) {
		line.kind = QMP_LINE_RETURN;
		line.result = json_object_get(line.document, "return");
	} else if (json_object_get(line.document, "error") != NULL) {
		line.kind = QMP_LINE_ERROR;
		line.result = json_object_get(line.document, "error");
	}
	*ret_line = line;
	return 0;
}
