// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/smaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void smaps_parser_init(struct smaps_parser *parser)
{
	*parser = (struct smaps_parser){ 0 };
}

/* "START-END PERMS OFFSET ..."; field names begin with a capital letter. */
static int parse_header(const char *line, struct smaps_vma *ret_vma)
{
	unsigned long long start;
	unsigned long long stop;
	char *end;

	errno = 0;
	start = strtoull(line, &end, 16);
	if (end == line || *end != '-' || errno != 0)
		return -EBADMSG;
	line = end + 1;
	stop = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || errno != 0 || stop <= start)
		return -EBADMSG;
	if (strspn(end + 1, "rwxsp-") != 4)
		return -EBADMSG;
	*ret_vma = (struct smaps_vma){
		.start = { start },
		.bytes = stop - start,
		.shared = end[4] == 's',
	};
	return 0;
}

static uint64_t parse_kib(const char *value)
{
	return (uint64_t)strtoull(value, NULL, 10) * 1024;
}

/* The value of field @name, or NULL when the line is another field's. */
static const char *field(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	return line + length + 1;
}

static bool has_flag(const char *flags, const char *flag)
{
	while (*flags != '\0') {
		size_t length;

		flags += strspn(flags, " \n");
		length = strcspn(flags, " \n");
		if (length == strlen(flag) && strncmp(flags, flag, length) == 0)
			return true;
		flags += length;
	}
	return false;
}

int smaps_parse_line(struct smaps_parser *parser, const char *line,
		     struct smaps_vma *ret_vma)
{
	static const char *const huge_fields[] = {
		"AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",
	};
	struct smaps_vma *vma = &parser->vma;
	struct smaps_vma next;
	const char *value;
	size_t i;
	int r;

	if (line == NULL) {
		if (!parser->have_vma)
			return 0;
		parser->have_vma = false;
		*ret_vma = *vma;
		return 1;
	}
	if (line[0] < 'A' || line[0] > 'Z') {
		bool had_vma = parser->have_vma;

		r = parse_header(line, &next);
		if (r < 0)
			return r;
		if (had_vma)
			*ret_vma = *vma;
		*vma = next;
		parser->have_vma = true;
		return had_vma;
	}
	if (!parser->have_vma)
		return -EBADMSG;
	value = field(line, "Rss");
	if (value != NULL)
		vma->rss_bytes = parse_kib(value);
	value = field(line, "KernelPageSize");
	if (value != NULL)
		vma->kernel_page_bytes = parse_kib(value);
	value = field(line, "VmFlags");
	if (value != NULL)
		vma->hugetlb = has_flag(value, "ht");
	for (i = 0; i < sizeof(huge_fields) / sizeof(huge_fields[0]); i++) {
		value = field(line, huge_fields[i]);
		if (value != NULL)
			vma->huge_bytes += parse_kib(value);
	}
	return 0;
}
