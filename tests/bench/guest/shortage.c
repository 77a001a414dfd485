// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/shortage.h"

#include "tests/bench/guest/stat.h"
#include "tests/bench/guest/zones.h"

#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define CPU_FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"
/* Of a zone, as one part in so many, for the lists of CPUs; 0: by itself. */
#define CPU_LEAST 1000000
#define LOWERED_KIB 1024
/* Beyond the lowered watermarks, so that kswapd sleeps on. */
#define LEFT_PAGES 256
#define STEP_PAGES 1024

void shortage_begin(struct shortage *shortage, struct pool *pool)
{
	struct zones zones;
	uint64_t spare;

	zones_now(&zones);
	shortage->high_pages = zones_high(&zones);
	shortage->min_free_kib = stat_read(MIN_FREE, "");
	stat_write_number(MIN_FREE, LOWERED_KIB);
	stat_write_number(CPU_FRACTION, CPU_LEAST);
	for (;;) {
		zones_now(&zones);
		spare = zones_spare(&zones);
		if (spare <= LEFT_PAGES)
			break;
		spare -= LEFT_PAGES;
		pool_grow(pool, spare < STEP_PAGES ? spare : STEP_PAGES);
	}
}

void shortage_end(const struct shortage *shortage)
{
	stat_write_number(CPU_FRACTION, 0);
	stat_write_number(MIN_FREE, shortage->min_free_kib);
}

void shortage_leave(struct pool *pool, size_t spare_pages)
{
	struct shortage shortage;
	size_t want, now;

	shortage_begin(&shortage, pool);
	want = shortage.high_pages + spare_pages;
	now = pool_free_pages();
	if (now < want)
		pool_give_count(pool, want - now);
	shortage_end(&shortage);
}
