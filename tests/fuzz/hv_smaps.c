// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of smaps; a file name in it may be anything. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hv/smaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smaps_parser parser;
	struct smaps_vma vma;
	char *text;
	char *line;
	char *rest;

	text = malloc(size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	smaps_parser_init(&parser);
	for (line = text; line != NULL; line = rest) {
		rest = strchr(line, '\n');
		if (rest != NULL)
			*rest++ = '\0';
		if (smaps_parse_line(&parser, line, &vma) == 1 &&
		    vma.bytes == 0)
			abort();
	}
	smaps_parse_line(&parser, NULL, &vma);
	free(text);
	return 0;
}
