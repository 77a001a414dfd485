// SPDX-License-Identifier: GPL-2.0-or-later
/* smaps and pagemap: told by elimination, as evidence.h describes. */
#include "hv/evidence_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hv/smaps.h"

/* Bits of an entry of /proc/PID/pagemap, admin-guide/mm/pagemap.rst. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN_MASK ((UINT64_C(1) << 55) - 1)

/* How often smaps is read again because memory changed meanwhile. */
#define SMAPS_TRIES 3

/* All mappings that one of the ranges touches. */
struct vma_list {
	size_t count;
	size_t capacity;
	struct smaps_vma *vmas;
};

static bool vma_touches(const struct smaps_vma *vma,
			const struct evidence_range *ranges, size_t count)
{
	uint64_t vma_end = vma->start.v + vma->bytes;
	size_t i;

	for (i = 0; i < count; i++) {
		if (vma->start.v < evidence_range_end(&ranges[i]) &&
		    ranges[i].start.v < vma_end)
			return true;
	}
	return false;
}

static int vma_list_add(struct vma_list *list, const struct smaps_vma *vma)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity * 2 + 16;
		struct smaps_vma *vmas;

		vmas = reallocarray(list->vmas, capacity, sizeof(*vmas));
		if (vmas == NULL)
			return -ENOMEM;
		list->vmas = vmas;
		list->capacity = capacity;
	}
	list->vmas[list->count++] = *vma;
	return 0;
}

static int read_smaps(int proc_fd, const struct evidence_range *ranges,
		      size_t count, struct vma_list *list)
{
	struct smaps_parser parser;
	struct smaps_vma vma;
	char *line = NULL;
	size_t capacity = 0;
	FILE *file;
	int fd;
	int r = 0;

	list->count = 0;
	fd = openat(proc_fd, "smaps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	file = fdopen(fd, "r");
	if (file == NULL) {
		close(fd);
		return -ENOMEM;
	}
	smaps_parser_init(&parser);
	for (;;) {
		bool more = getline(&line, &capacity, file) >= 0;

		r = smaps_parse_line(&parser, more ? line : NULL, &vma);
		if (r == 1 && vma_touches(&vma, ranges, count))
			r = vma_list_add(list, &vma);
		if (r < 0 || !more)
			break;
	}
	if (r > 0)
		r = 0;
	if (r == 0 && ferror(file))
		r = -EIO;
	free(line);
	fclose(file);
	/* A process that has exited has an empty smaps. */
	if (r == 0 && list->count == 0)
		r = -ESRCH;
	return r;
}

/* What pagemap's entries of 2 MiB show. */
static enum backing judge_entries(const uint64_t *entries,
				  uint32_t *ret_present)
{
	bool consecutive = true;
	uint32_t present = 0;
	uint64_t first = entries[0] & PAGEMAP_PFN_MASK;
	unsigned int i;

	for (i = 0; i < HUGE_PAGES; i++) {
		if (entries[i] & PAGEMAP_PRESENT)
			present++;
		if ((entries[i] & PAGEMAP_PFN_MASK) != first + i)
			consecutive = false;
	}
	*ret_present = present;
	if (present == 0)
		return BACKING_NONE;
	if (present < HUGE_PAGES)
		return BACKING_SMALL;
	/* Frame numbers are shown as 0 to who lacks CAP_SYS_ADMIN. */
	if (first != 0 && (!consecutive || first % HUGE_PAGES != 0))
		return BACKING_SMALL;
	return BACKING_HUGE; /* a candidate */
}

static int read_entries(int pagemap_fd, uint64_t address, uint64_t *entries)
{
	size_t wanted = HUGE_PAGES * sizeof(*entries);
	uint64_t offset = (address >> CONTIG_PAGE_SHIFT) * sizeof(*entries);
	ssize_t got;

	got = pread(pagemap_fd, entries, wanted, (off_t)offset);
	if (got < 0)
		return -errno;
	/* Cut short at the end of the address space: the process is gone. */
	return (size_t)got == wanted ? 0 : -ESRCH;
}

/*
 * The 2 MiB that @address lies in belong to two mappings, or to one and a hole:
 * never huge.
 */
static int judge_edge(int pagemap_fd, uint64_t address,
		      struct evidence_range *ranges, size_t count)
{
	struct evidence_range *range = NULL;
	uint64_t entries[HUGE_PAGES];
	uint32_t present;
	size_t i;
	uint64_t n;
	int r;

	address &= ~(HUGE_BYTES - 1);
	for (i = 0; i < count && range == NULL; i++) {
		if (address >= ranges[i].start.v &&
		    address < evidence_range_end(&ranges[i]))
			range = &ranges[i];
	}
	if (range == NULL)
		return 0;
	r = read_entries(pagemap_fd, address, entries);
	if (r < 0)
		return r;
	judge_entries(entries, &present);
	n = (address - range->start.v) >> HUGE_SHIFT;
	range->backing[n] = present > 0 ? BACKING_SMALL : BACKING_NONE;
	if (range->present_pages != NULL)
		range->present_pages[n] = present;
	return 0;
}

/*
 * Judges all that @vma maps. The ranges get their answer, and candidates
 * elsewhere in the mapping are counted too, since they compete for its huge
 * entries. Return: 1 when the count was conclusive, 0 when not.
 */
static int judge_vma(int pagemap_fd, const struct smaps_vma *vma,
		     struct evidence_range *ranges, size_t count)
{
	uint64_t first = (vma->start.v + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
	uint64_t end = vma->start.v + vma->bytes;
	uint64_t entries[HUGE_PAGES];
	uint64_t candidates = 0;
	uint64_t address;
	size_t i = 0;
	int r;

	for (address = first; address + HUGE_BYTES <= end;
	     address += HUGE_BYTES) {
		enum backing backing;
		uint32_t present;

		r = read_entries(pagemap_fd, address, entries);
		if (r < 0)
			return r;
		backing = judge_entries(entries, &present);
		if (vma->hugetlb && present > 0)
			backing = BACKING_HUGE;
		if (backing == BACKING_HUGE)
			candidates++;
		/* Both rise, so each range is passed once. */
		while (i < count && address >= evidence_range_end(&ranges[i]))
			i++;
		if (i < count && address >= ranges[i].start.v) {
			uint64_t n = (address - ranges[i].start.v) >>
				     HUGE_SHIFT;

			ranges[i].backing[n] = backing;
			if (ranges[i].present_pages != NULL)
				ranges[i].present_pages[n] = present;
		}
	}
	if (vma->start.v % HUGE_BYTES != 0) {
		r = judge_edge(pagemap_fd, vma->start.v, ranges, count);
		if (r < 0)
			return r;
	}
	if (end % HUGE_BYTES != 0) {
		r = judge_edge(pagemap_fd, end, ranges, count);
		if (r < 0)
			return r;
	}
	return vma->hugetlb || candidates << HUGE_SHIFT == vma->huge_bytes;
}

/* Takes back what judge_vma() could not prove. */
static void unprove_vma(const struct smaps_vma *vma,
			struct evidence_range *ranges, size_t count)
{
	uint64_t end = vma->start.v + vma->bytes;
	uint64_t n;
	size_t i;

	for (i = 0; i < count; i++) {
		for (n = 0; n < ranges[i].huge_ranges; n++) {
			uint64_t address =
				ranges[i].start.v + (n << HUGE_SHIFT);

			if (address < vma->start.v || address >= end)
				continue;
			if (ranges[i].backing[n] == BACKING_HUGE)
				ranges[i].backing[n] = BACKING_SMALL;
		}
	}
}

static uint64_t sum_huge(const struct vma_list *list)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		bytes += list->vmas[i].huge_bytes;
	return bytes;
}

int evidence_look_smaps(int proc_fd, int pagemap_fd,
			struct evidence_range *ranges, size_t count)
{
	struct vma_list before = { 0 };
	struct vma_list after = { 0 };
	int tries;
	size_t i;
	int r = 0;

	for (tries = 0; tries < SMAPS_TRIES; tries++) {
		for (i = 0; i < count; i++)
			evidence_range_clear(&ranges[i]);
		r = read_smaps(proc_fd, ranges, count, &before);
		if (r < 0)
			break;
		for (i = 0; i < before.count; i++) {
			r = judge_vma(pagemap_fd, &before.vmas[i], ranges,
				      count);
			if (r < 0)
				goto free_lists;
			if (r == 0)
				unprove_vma(&before.vmas[i], ranges, count);
		}
		r = read_smaps(proc_fd, ranges, count, &after);
		if (r < 0)
			break;
		/* Splits between the two looks would make the sums lie. */
		if (before.count == after.count &&
		    sum_huge(&before) == sum_huge(&after))
			break;
		for (i = 0; i < before.count; i++)
			unprove_vma(&before.vmas[i], ranges, count);
	}
free_lists:
	free(before.vmas);
	free(after.vmas);
	return r;
}

int evidence_smaps_hugetlb(int proc_fd, const struct evidence_range *ranges,
			   size_t count, bool *ret_hugetlb)
{
	struct vma_list list = { 0 };
	bool hugetlb = true;
	size_t i;
	int r;

	r = read_smaps(proc_fd, ranges, count, &list);
	for (i = 0; r == 0 && i < list.count; i++)
		hugetlb = hugetlb && list.vmas[i].hugetlb;
	if (r == 0)
		*ret_hugetlb = hugetlb;
	free(list.vmas);
	return r;
}
