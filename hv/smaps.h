/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/PID/smaps says of a mapping, as far as contig cares. Pure. */
#ifndef CONTIG_HV_SMAPS_H
#define CONTIG_HV_SMAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "hv/addr_host.h"

struct smaps_vma {
	struct hva start;
	uint64_t bytes;
	uint64_t rss_bytes;
	uint64_t huge_bytes; /* mapped by huge entries, all kinds of memory */
	uint64_t kernel_page_bytes;
	bool hugetlb; /* VmFlags has "ht" */
	bool shared;
};

struct smaps_parser {
	struct smaps_vma vma; /* being read */
	bool have_vma;
};

void smaps_parser_init(struct smaps_parser *parser);

/**
 * smaps_parse_line() - take one line, with or without its end
 * @line: NULL at the end of the file.
 * @ret_vma: the mapping that the line before this one completed.
 *
 * Return: 1 when @ret_vma was filled in, 0 when not, -EBADMSG for a line
 * that smaps can't have.
 */
int smaps_parse_line(struct smaps_parser *parser, const char *line,
		     struct smaps_vma *ret_vma);

#endif
