/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to try again: each time twice as late, up to a limit. Pure. */
#ifndef CONTIG_HV_RETRY_H
#define CONTIG_HV_RETRY_H

#include <stdint.h>

#include "hv/clock.h"

#define RETRY_FIRST_NS (NS_PER_S / 4)
#define RETRY_LAST_NS (16 * NS_PER_S)

struct retry {
	uint64_t delay_ns; /* the last one; 0: none yet */
};

static inline uint64_t retry_next_ns(struct retry *retry)
{
	if (retry->delay_ns == 0)
		retry->delay_ns = RETRY_FIRST_NS;
	else if (retry->delay_ns < RETRY_LAST_NS)
		retry->delay_ns *= 2;
	return retry->delay_ns;
}

static inline void retry_reset(struct retry *retry)
{
	retry->delay_ns = 0;
}

#endif
