// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buffer's form is what /sys/kernel/tracing/events/header_page and
 * header_event say of it: a page has its time, the bytes used in it, and events
 * one behind the other, each with a word of 5 bits for its kind or length and
 * 27 bits for the time since the one before.
 */
#include "tests/bench/guest/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

#define CPU0 "/sys/kernel/tracing/per_cpu/cpu0/"
#define PAGE_SIZE 4096
#define PAGE_DATA 16
#define USED_MASK ((1u << 20) - 1)
#define TIME_BITS 27

enum kind {
	KIND_LONG = 0, /* its length in the next word; 1 to 28: in words */
	KIND_PADDING = 29,
	KIND_TIME_ADD = 30, /* high bits of the time since the one before */
	KIND_TIME_SET = 31,
};

static unsigned char page[PAGE_SIZE];
static size_t at, end;
static uint64_t now_ns;
static int fd = -1;

struct ring_event ring_event(const char *format, const char *field)
{
	struct ring_event event = { .id = stat_read(format, "ID:") };
	FILE *f = fopen(format, "re");
	size_t size = strlen(field);
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		char *name = strchr(line, ';');

		if (!name || (size_t)(name - line) <= size ||
		    strncmp(name - size, field, size) ||
		    name[-1 - (ssize_t)size] != ' ')
			continue;
		sscanf(name, "; offset:%u;", &event.offset);
	}
	if (!event.offset)
		control_fail("%s: no field '%s'", format, field);
	fclose(f);
	return event;
}

uint64_t ring_lost(void)
{
	return stat_read(CPU0 "stats", "overrun:") +
	       stat_read(CPU0 "stats", "commit overrun:") +
	       stat_read(CPU0 "stats", "dropped events:");
}

static uint32_t word_at(size_t where)
{
	uint32_t word;

	memcpy(&word, page + where, sizeof(word));
	return word;
}

static bool next_page(void)
{
	uint64_t used;
	ssize_t n;

	if (fd < 0)
		fd = open(CPU0 "trace_pipe_raw",
			  O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	n = read(fd, page, sizeof(page));
	if (n == 0 || (n < 0 && errno == EAGAIN))
		return false;
	if (n < PAGE_DATA)
		control_fail("trace_pipe_raw: %s", strerror(errno));
	memcpy(&now_ns, page, sizeof(now_ns));
	memcpy(&used, page + sizeof(now_ns), sizeof(used));
	at = PAGE_DATA;
	end = PAGE_DATA + (used & USED_MASK);
	if (end > sizeof(page))
		control_fail("trace_pipe_raw: a page of %zu bytes", end);
	return true;
}

/*
 * One step: where the event's data begins, or 0 when it was none that a
 * tracepoint wrote.
 */
static size_t step(void)
{
	uint32_t header = word_at(at), length = header & 31;
	uint64_t time = header >> 5;
	size_t data = at + 4, size;

	switch (length) {
	case KIND_PADDING:
		if (!time) {
			at = end;
			return 0;
		}
		now_ns += time;
		at += 4 + word_at(data);
		return 0;
	case KIND_TIME_ADD:
		now_ns += time + ((uint64_t)word_at(data) << TIME_BITS);
		at += 8;
		return 0;
	case KIND_TIME_SET:
		/* The top bits are those of the page's time. */
		now_ns = (now_ns >> 59 << 59) +
			 (time | ((uint64_t)word_at(data) << TIME_BITS));
		at += 8;
		return 0;
	case KIND_LONG:
		size = word_at(data);
		data += 4;
		at += 4 + size;
		break;
	default:
		at += 4 + length * 4;
		break;
	}
	now_ns += time;
	return data;
}

bool ring_next(const struct ring_event *a, const struct ring_event *b,
	       uint64_t *id, uint64_t *field, uint64_t *at_ns)
{
	for (;;) {
		size_t data;
		uint16_t type;

		if (at >= end && !next_page())
			return false;
		if (at >= end)
			continue;
		data = step();
		if (at > end)
			control_fail(
				"trace_pipe_raw: an event beyond its page");
		if (!data)
			continue;
		memcpy(&type, page + data, sizeof(type));
		if (type != a->id && type != b->id)
			continue;
		*id = type;
		memcpy(field,
		       page + data + (type == a->id ? a->offset : b->offset),
		       sizeof(*field));
		*at_ns = now_ns;
		return true;
	}
}
