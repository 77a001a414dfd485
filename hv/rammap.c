// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/rammap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What no line of RAM reaches: the name and the fixed text around it. */
#define LINE_BYTES (RAMMAP_BLOCK_BYTES + 160)

/* "/objects/NAME" is what newer machine types call the block of NAME. */
static bool is_backend(const struct rammap_backends *backends,
		       const char *block)
{
	static const char prefix[] = "/objects/";
	unsigned int i;

	if (strncmp(block, prefix, sizeof(prefix) - 1) == 0)
		block += sizeof(prefix) - 1;
	for (i = 0; i < backends->count; i++) {
		if (strcmp(backends->ids[i], block) == 0)
			return true;
	}
	return false;
}

/*
 * "  START-LAST (prio N, ram): BLOCK[ @OFFSET][ KVM]", all but N in hex. N is 0
 * for RAM, DIMMs and virtio-mem; QEMU maps PCI BARs above that, and a backend
 * behind one (ivshmem) is not the guest's to allocate from.
 * Return: 1 for such a line, 0 for another, -EBADMSG for an impossible one.
 */
static int parse_ram_line(const char *line, struct ram_range *ret_range)
{
	static const char kind[] = " (prio 0, ram): ";
	unsigned long long start;
	unsigned long long last;
	const char *name;
	size_t name_bytes;
	char *end;

	line += strspn(line, " ");
	errno = 0;
	start = strtoull(line, &end, 16);
	if (end == line || *end != '-' || errno != 0)
		return 0;
	line = end + 1;
	last = strtoull(line, &end, 16);
	if (end == line || errno != 0 ||
	    strncmp(end, kind, sizeof(kind) - 1) != 0)
		return 0;
	name = end + sizeof(kind) - 1;
	/* An id has no blanks: QEMU allows letters, digits, and -._ in it. */
	name_bytes = strcspn(name, " \r");
	if (name_bytes == 0 || name_bytes >= RAMMAP_BLOCK_BYTES)
		return 0;
	if (last <= start || (start | (last + 1)) % CONTIG_PAGE_BYTES != 0)
		return -EBADMSG;
	/* Also keeps start + bytes from wrapping to 0. */
	if (last >= UINT64_C(1) << 52)
		return -EBADMSG;
	*ret_range = (struct ram_range){ 0 };
	ret_range->gpa.v = start;
	ret_range->bytes = last - start + 1;
	memcpy(ret_range->block, name, name_bytes);
	return 1;
}

/* Copies the line at *@text without its end; cuts what is too long for RAM. */
static bool next_line(const char **text, size_t *bytes, char line[LINE_BYTES])
{
	const char *end;
	size_t length;
	size_t kept;

	if (*bytes == 0)
		return false;
	end = memchr(*text, '\n', *bytes);
	length = end != NULL ? (size_t)(end - *text) : *bytes;
	kept = length < LINE_BYTES - 1 ? length : LINE_BYTES - 1;
	memcpy(line, *text, kept);
	line[kept] = '\0';
	if (kept > 0 && line[kept - 1] == '\r')
		line[kept - 1] = '\0';
	if (end != NULL)
		length++;
	*text += length;
	*bytes -= length;
	return true;
}

int rammap_parse_mtree(const char *text, size_t bytes,
		       const struct rammap_backends *backends,
		       struct rammap *ret_map)
{
	static const char view[] = "FlatView #";
	static const char memory[] = " AS \"memory\", ";
	char line[LINE_BYTES];
	struct ram_range range;
	struct rammap *map;
	bool inside = false;
	int r;

	/* Too large for the stack, and @ret_map is untouched on failure. */
	map = calloc(1, sizeof(*map));
	if (map == NULL)
		return -ENOMEM;
	while (next_line(&text, &bytes, line)) {
		if (strncmp(line, view, sizeof(view) - 1) == 0) {
			if (inside)
				break;
			continue;
		}
		if (strncmp(line, memory, sizeof(memory) - 1) == 0)
			inside = true;
		if (!inside)
			continue;
		r = parse_ram_line(line, &range);
		if (r < 0)
			goto free_map;
		if (r == 0 || !is_backend(backends, range.block))
			continue;
		if (map->count > 0) {
			const struct ram_range *before =
				&map->ranges[map->count - 1];

			if (range.gpa.v < before->gpa.v + before->bytes) {
				r = -EBADMSG;
				goto free_map;
			}
		}
		if (map->count == RAMMAP_MAX_RANGES) {
			r = -E2BIG;
			goto free_map;
		}
		map->ranges[map->count++] = range;
	}
	if (map->count == 0) {
		r = -ENOENT;
		goto free_map;
	}
	*ret_map = *map;
	r = 0;
free_map:
	free(map);
	return r;
}

int rammap_parse_gpa2hva(const char *text, struct gpa gpa, const char *block,
			 struct hva *ret_hva)
{
	char expected[RAMMAP_BLOCK_BYTES + 96];
	unsigned long long value;
	size_t length;
	char *end;

	/* QEMU: "Host virtual address for 0x%" HWADDR_PRIx " (%s) is %p" */
	snprintf(expected, sizeof(expected),
		 "Host virtual address for 0x%jx (%s) is 0x",
		 (uintmax_t)gpa.v, block);
	length = strlen(expected);
	if (strncmp(text, expected, length) != 0)
		return -EBADMSG;
	text += length;
	if (strspn(text, "0123456789abcdef") == 0)
		return -EBADMSG;
	errno = 0;
	value = strtoull(text, &end, 16);
	if (errno != 0 || end[strspn(end, "\r\n")] != '\0')
		return -EBADMSG;
	/* User space ends at 2^56 with five levels of page tables. */
	if (value == 0 || value >= UINT64_C(1) << 56)
		return -EBADMSG;
	ret_hva->v = value;
	return 0;
}

void rammap_join(struct rammap *map)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 1; i < map->count; i++) {
		struct ram_range *last = &map->ranges[kept];
		const struct ram_range *range = &map->ranges[i];

		if (range->gpa.v == last->gpa.v + last->bytes &&
		    range->hva.v == last->hva.v + last->bytes &&
		    strcmp(range->block, last->block) == 0) {
			last->bytes += range->bytes;
			continue;
		}
		kept++;
		if (kept != i)
			map->ranges[kept] = *range;
	}
	if (map->count > 0)
		map->count = kept + 1;
}

const struct ram_range *rammap_find(const struct rammap *map, struct gpa gpa,
				    uint64_t bytes)
{
	unsigned int low = 0;
	unsigned int high = map->count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;
		const struct ram_range *range = &map->ranges[middle];
		uint64_t offset = gpa.v - range->gpa.v;

		if (gpa.v < range->gpa.v)
			high = middle;
		else if (offset >= range->bytes)
			low = middle + 1;
		else
			return bytes <= range->bytes - offset ? range : NULL;
	}
	return NULL;
}

struct hva rammap_hva(const struct ram_range *range, struct gpa gpa)
{
	return (struct hva){ range->hva.v + (gpa.v - range->gpa.v) };
}

const struct ram_range *rammap_first_incongruent(const struct rammap *map,
						 struct gpa start,
						 uint64_t bytes)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		const struct ram_range *range = &map->ranges[i];
		struct gpa first;

		if (range->gpa.v >= start.v &&
		    range->gpa.v - start.v >= bytes)
			break;
		if (range->gpa.v < start.v &&
		    start.v - range->gpa.v >= range->bytes)
			continue;
		if (rammap_huge_ranges(range, &first) == 0)
			continue;
		if (!addr_congruent(range->gpa, range->hva))
			return range;
	}
	return NULL;
}

uint64_t rammap_bytes(const struct rammap *map)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < map->count; i++)
		bytes += map->ranges[i].bytes;
	return bytes;
}

uint64_t rammap_huge_ranges(const struct ram_range *range,
			    struct gpa *ret_first)
{
	uint64_t first = (range->gpa.v + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	uint64_t end = (range->gpa.v + range->bytes) & ~(HUGE_BYTES - 1);

	ret_first->v = first;
	return end > first ? (end - first) >> HUGE_SHIFT : 0;
}

bool rammap_any_congruent(const struct rammap *map)
{
	struct gpa first;
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		const struct ram_range *range = &map->ranges[i];

		if (addr_congruent(range->gpa, range->hva) &&
		    rammap_huge_ranges(range, &first) > 0)
			return true;
	}
	return false;
}
