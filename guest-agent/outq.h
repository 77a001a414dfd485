/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that wait until the host reads them. The size is fixed: a host that
 * doesn't read costs this much and no more.
 */
#ifndef CONTIG_AGENT_OUTQ_H
#define CONTIG_AGENT_OUTQ_H

#include <stddef.h>
#include <stdint.h>

#include "proto/frame.h"

/*
 * With at most OUTQ_ROOMY_BYTES waiting, the longest frame always fits:
 * up to half the buffer may be used up by what was sent already.
 */
#define OUTQ_BYTES (4 * FRAME_MAX_BYTES)
#define OUTQ_ROOMY_BYTES FRAME_MAX_BYTES

struct outq {
	uint8_t buf[OUTQ_BYTES];
	size_t frame; /* start of the first frame not wholly sent */
	size_t head; /* first byte not sent, inside that frame */
	size_t end;
};

void outq_clear(struct outq *q);

/* Forgets what waits, except the rest of a frame that was sent in part. */
void outq_cut(struct outq *q);

/* Where to put the next frame; valid until the next call. */
uint8_t *outq_space(struct outq *q, size_t *ret_size);
/* Says that a whole frame of @size bytes was put there. */
void outq_put(struct outq *q, size_t size);

const uint8_t *outq_data(const struct outq *q, size_t *ret_size);
/* Says that @size bytes of outq_data() were sent. */
void outq_sent(struct outq *q, size_t size);

#endif
