/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, ranges and numbers as people write them. Pure. */
#ifndef CONTIG_HV_UNITS_H
#define CONTIG_HV_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "hv/addr_host.h"

#define UNITS_TEXT_BYTES 32

/**
 * units_parse_u64() - an unsigned number, decimal or 0x...
 *
 * Return: 0; -EINVAL for anything else (a sign, spaces, nothing);
 * -ERANGE over @max.
 */
int units_parse_u64(const char *text, uint64_t max, uint64_t *ret_value);

/* As units_parse_u64(), with an optional K, M, G or T (powers of 1024). */
int units_parse_size(const char *text, uint64_t *ret_bytes);

/**
 * units_parse_order() - the size of a region, as an order
 *
 * Return: 0; -EINVAL for what is no size; -ERANGE for one that is no power
 * of two from 2 MiB to 1 GiB.
 */
int units_parse_order(const char *text, uint8_t *ret_order);

/**
 * units_parse_range() - GPA-GPA; the second is the first byte after the range
 *
 * Sizes' suffixes may be used. Return: 0; -EINVAL, also when it is empty.
 */
int units_parse_range(const char *text, struct gpa *ret_start,
		      uint64_t *ret_bytes);

/* "1.5 GiB"; @buf has UNITS_TEXT_BYTES. Return: @buf. */
const char *units_format_bytes(uint64_t bytes, char *buf);

#endif
