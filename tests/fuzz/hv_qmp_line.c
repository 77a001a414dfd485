// SPDX-License-Identifier: GPL-2.0-or-later
/* A line from QEMU's monitor, or from who sits there instead. */
#include <stdint.h>
#include <stdlib.h>

#include "hv/qmp_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qmp_line line;

	if (qmp_line_parse((const char *)data, size, &line) < 0)
		return 0;
	if ((line.kind == QMP_LINE_RETURN || line.kind == QMP_LINE_ERROR) &&
	    line.result == NULL)
		abort();
	json_decref(line.document);
	return 0;
}
