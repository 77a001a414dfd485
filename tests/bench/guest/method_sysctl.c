// SPDX-License-Identifier: GPL-2.0-or-later
/* What an administrator can write to files of every kernel. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/guest/method.h"
#include "tests/bench/guest/stat.h"

static void timed_write(struct method *method, const char *path, uint64_t value)
{
	uint64_t start_ns = stat_clock_ns();

	stat_write_number(path, value);
	method->took_ns += stat_clock_ns() - start_ns;
}

void method_compact_all(struct method *method)
{
	timed_write(method, "/proc/sys/vm/compact_memory", 1);
}

const struct method_kind method_compact = { "compact_memory",
					    method_compact_all,
					    method_nothing, 1, NULL };

static void pool_path(const struct method *method, char *path, size_t size)
{
	snprintf(path, size,
		 "/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
		 4ull << method->order);
}

/* The oracle finds these pages by itself. */
void method_grow_pool(struct method *method)
{
	char path[128];

	pool_path(method, path, sizeof(path));
	timed_write(method, path, method->count);
}

void method_empty_pool(struct method *method)
{
	char path[128];

	pool_path(method, path, sizeof(path));
	stat_write_number(path, 0);
}

const struct method_kind method_hugetlb = { "nr_hugepages",
					    method_grow_pool,
					    method_empty_pool, 1, NULL };

const struct method_kind method_none = { "none", method_nothing, method_nothing,
					 1, NULL };
