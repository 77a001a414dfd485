// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

/* strtoull() takes signs and spaces; a digit must come first. */
static int parse_prefix(const char *text, uint64_t *ret_value,
			const char **ret_end)
{
	unsigned long long value;
	int base = 10;
	char *end;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		if (strspn(text, "0123456789abcdefABCDEF") == 0)
			return -EINVAL;
	} else if (strspn(text, "0123456789") == 0) {
		return -EINVAL;
	}
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno != 0)
		return -errno;
	*ret_value = value;
	*ret_end = end;
	return 0;
}

int units_parse_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
	const char *end = text;
	uint64_t value = 0;
	int r;

	r = parse_prefix(text, &value, &end);
	if (r < 0)
		return r;
	if (*end != '\0')
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Up to the first byte that belongs to no size. */
static int parse_size_prefix(const char *text, uint64_t *ret_bytes,
			     const char **ret_end)
{
	unsigned int shift = 0;
	const char *end = text;
	uint64_t value = 0;
	int r;

	r = parse_prefix(text, &value, &end);
	if (r < 0)
		return r;
	switch (*end) {
	case 'K':
	case 'k':
		shift = 10;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'G':
	case 'g':
		shift = 30;
		break;
	case 'T':
	case 't':
		shift = 40;
		break;
	}
	if (shift > 0)
		end++;
	if (__builtin_mul_overflow(value, UINT64_C(1) << shift, &value))
		return -ERANGE;
	*ret_bytes = value;
	*ret_end = end;
	return 0;
}

int units_parse_size(const char *text, uint64_t *ret_bytes)
{
	const char *end = text;
	uint64_t bytes = 0;
	int r;

	r = parse_size_prefix(text, &bytes, &end);
	if (r < 0)
		return r;
	if (*end != '\0')
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

int units_parse_order(const char *text, uint8_t *ret_order)
{
	uint64_t bytes = 0;
	uint8_t order;
	int r;

	r = units_parse_size(text, &bytes);
	if (r < 0)
		return r;
	for (order = MESSAGE_MIN_ORDER; order <= MESSAGE_MAX_ORDER; order++) {
		if (bytes == order_to_bytes(order)) {
			*ret_order = order;
			return 0;
		}
	}
	return -ERANGE;
}

int units_parse_range(const char *text, struct gpa *ret_start,
		      uint64_t *ret_bytes)
{
	uint64_t start;
	uint64_t stop;
	const char *end = text;
	int r;

	r = parse_size_prefix(text, &start, &end);
	if (r < 0)
		return -EINVAL;
	if (*end != '-')
		return -EINVAL;
	r = parse_size_prefix(end + 1, &stop, &end);
	if (r < 0 || *end != '\0')
		return -EINVAL;
	if (stop <= start)
		return -EINVAL;
	ret_start->v = start;
	*ret_bytes = stop - start;
	return 0;
}

const char *units_format_bytes(uint64_t bytes, char *buf)
{
	static const char *const names[] = { "B",   "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	unsigned int unit = 0;
	double value = (double)bytes;

	while (value >= 1024 && unit < sizeof(names) / sizeof(names[0]) - 1) {
		value /= 1024;
		unit++;
	}
	if (value == (double)(uint64_t)value)
		snprintf(buf, UNITS_TEXT_BYTES, "%.0f %s", value, names[unit]);
	else
		snprintf(buf, UNITS_TEXT_BYTES, "%.1f %s", value, names[unit]);
	return buf;
}
