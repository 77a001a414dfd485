// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/shortage.h"

#include "tests/bench/guest/stat.h"
#include "tests/bench/guest/zones.h"

#define MIN_FREE "/proc/sys/vm/min_free_kbytes"
#define LOWERED_KIB 1024
/* Beyond the lowered watermarks, so that kswapd sleeps on. */
#define LEFT_PAGES 512

void shortage_begin(struct shortage *shortage, struct pool *pool)
{
	struct zones zones;
	uint64_t kept;

	zones_now(&zones);
	shortage->high_pages = zones_high(&zones);
	shortage->min_free_kib = stat_read(MIN_FREE, "");
	stat_write_number(MIN_FREE, LOWERED_KIB);
	zones_now(&zones);
	/* Where there are several zones, the lowest is kept from programs. */
	kept = zones.nr > 1 ? zones.zone[0].free : 0;
	pool_grow_until(pool, kept + zones_high(&zones) + LEFT_PAGES);
}

void shortage_end(const struct shortage *shortage)
{
	stat_write_number(MIN_FREE, shortage->min_free_kib);
}
