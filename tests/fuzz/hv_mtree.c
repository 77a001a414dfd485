// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's memory map: what is taken for RAM must be a possible map. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hv/rammap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rammap_backends backends = {
		.count = 2,
		.ids = { "m", "d1" },
	};
	static struct rammap map;
	struct gpa gpa = { 0x100000 };
	struct hva hva;
	unsigned int i;
	char *text;

	text = malloc(size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (rammap_parse_gpa2hva(text, gpa, "m", &hva) == 0 &&
	    (hva.v == 0 || hva.v >= UINT64_C(1) << 56))
		abort();
	/* Not the copy: this one is not ended by a NUL. */
	if (rammap_parse_mtree((const char *)data, size, &backends, &map) ==
	    0) {
		uint64_t end = 0;

		if (map.count == 0 || map.count > RAMMAP_MAX_RANGES)
			abort();
		for (i = 0; i < map.count; i++) {
			const struct ram_range *range = &map.ranges[i];

			if (range->gpa.v < end || range->bytes == 0 ||
			    range->bytes % CONTIG_PAGE_BYTES != 0)
				abort();
			end = range->gpa.v + range->bytes;
			if (end > UINT64_C(1) << 52)
				abort();
			if (rammap_find(&map, range->gpa, range->bytes) !=
			    range)
				abort();
		}
		rammap_join(&map);
		rammap_first_incongruent(&map, (struct gpa){ 0 }, UINT64_MAX);
	}
	free(text);
	return 0;
}
