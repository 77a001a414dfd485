/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's RAM: which guest-physical ranges exist and where QEMU has them
 * mapped. Pure: ram_read.c asks QEMU, this file understands the answers.
 *
 * Source: HMP `info mtree -f`, the flat view of the address space "memory",
 * whose lines of kind "ram" name the RAM block behind each range; HMP
 * `gpa2hva`; QMP query-memdev, which says which RAM blocks are memory
 * backends. Video memory and the like are RAM to QEMU too, but no backend; PCI
 * BARs may be backends, but have a priority above 0.
 */
#ifndef CONTIG_HV_RAMMAP_H
#define CONTIG_HV_RAMMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "hv/addr_host.h"

/* QEMU has at most 256 DIMM slots; each may be cut in a few pieces. */
#define RAMMAP_MAX_RANGES 1024
#define RAMMAP_MAX_BACKENDS 512
#define RAMMAP_BLOCK_BYTES 128

struct ram_range {
	struct gpa gpa;
	uint64_t bytes;
	struct hva hva;
	char block[RAMMAP_BLOCK_BYTES]; /* QEMU's name of the RAM block */
};

/* Sorted by gpa, no two overlap. */
struct rammap {
	unsigned int count;
	struct ram_range ranges[RAMMAP_MAX_RANGES];
};

/* Ids of memory backends, from query-memdev. */
struct rammap_backends {
	unsigned int count;
	char ids[RAMMAP_MAX_BACKENDS][RAMMAP_BLOCK_BYTES];
};

/**
 * rammap_parse_mtree() - the RAM ranges of `info mtree -f`
 * @text: what QEMU printed, @bytes long; need not end in a NUL.
 * @backends: ranges of other RAM blocks are left out.
 * @ret_map: the ranges, without host addresses.
 *
 * Return: 0; -ENOENT when there is no flat view of "memory" or no RAM in it;
 * -EBADMSG for a range that is not page aligned, ends before it begins or
 * overlaps the one before; -E2BIG over RAMMAP_MAX_RANGES.
 */
int rammap_parse_mtree(const char *text, size_t bytes,
		       const struct rammap_backends *backends,
		       struct rammap *ret_map);

/**
 * rammap_parse_gpa2hva() - the host address in QEMU's answer to `gpa2hva`
 * @block: the RAM block that must be named in it.
 *
 * Return: 0; -EBADMSG for another answer.
 */
int rammap_parse_gpa2hva(const char *text, struct gpa gpa, const char *block,
			 struct hva *ret_hva);

/* Joins ranges that follow each other in both address spaces. */
void rammap_join(struct rammap *map);

/* The range that [@gpa, @gpa + @bytes) lies in wholly, or NULL. */
const struct ram_range *rammap_find(const struct rammap *map, struct gpa gpa,
				    uint64_t bytes);

/* The host address; the caller has found @gpa in @range. */
struct hva rammap_hva(const struct ram_range *range, struct gpa gpa);

/**
 * rammap_first_incongruent() - where no huge page can come, whatever is done
 * @start, @bytes: the part of guest memory that matters.
 *
 * Ranges too small to hold an aligned huge page don't count.
 *
 * Return: the first range of @map there that is not congruent, or NULL.
 */
const struct ram_range *rammap_first_incongruent(const struct rammap *map,
						 struct gpa start,
						 uint64_t bytes);

/* Can a huge page stand behind any of it? */
bool rammap_any_congruent(const struct rammap *map);

/* Sum of all ranges. */
uint64_t rammap_bytes(const struct rammap *map);

/*
 * The aligned huge-page ranges inside @range: first address and how many; 0
 * when there are none.
 */
uint64_t rammap_huge_ranges(const struct ram_range *range,
			    struct gpa *ret_first);

#endif
