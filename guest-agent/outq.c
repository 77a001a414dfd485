// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "guest-agent/outq.h"
#include "proto/bytes.h"

void outq_clear(struct outq *q)
{
	q->frame = 0;
	q->head = 0;
	q->end = 0;
}

/* Length of the frame that starts at q->frame, as its header says. */
static size_t first_frame_bytes(const struct outq *q)
{
	return FRAME_HEADER_BYTES +
	       bytes_get_le32(q->buf + q->frame + FRAME_AT_PAYLOAD_BYTES);
}

void outq_cut(struct outq *q)
{
	if (q->head == q->frame)
		outq_clear(q);
	else
		q->end = q->frame + first_frame_bytes(q);
}

uint8_t *outq_space(struct outq *q, size_t *ret_size)
{
	/* Moved only after half the buffer was sent: linear on the whole. */
	if (q->frame >= sizeof(q->buf) / 2) {
		memmove(q->buf, q->buf + q->frame, q->end - q->frame);
		q->head -= q->frame;
		q->end -= q->frame;
		q->frame = 0;
	}
	*ret_size = sizeof(q->buf) - q->end;
	return q->buf + q->end;
}

void outq_put(struct outq *q, size_t size)
{
	q->end += size;
}

const uint8_t *outq_data(const struct outq *q, size_t *ret_size)
{
	*ret_size = q->end - q->head;
	return q->buf + q->head;
}

void outq_sent(struct outq *q, size_t size)
{
	q->head += size;
	if (q->head == q->end) {
		outq_clear(q);
		return;
	}
	while (q->frame < q->head) {
		size_t bytes = first_frame_bytes(q);

		if (q->head - q->frame < bytes)
			break;
		q->frame += bytes;
	}
}
