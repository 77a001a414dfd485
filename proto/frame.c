// SPDX-License-Identifier: BSD-3-Clause
/*
 * Theory of operation
 *
 * The decoder keeps the bytes between start and end. What stands before start
 * is settled: it was a frame or it was garbage. At start it looks for the
 * magic, then believes a header only when the header's own checksum holds, and
 * so never waits for a payload whose length is made of noise.
 *
 * Work is linear in the bytes received:
 * - a place that is not a header costs one look and at most one sum over 24
 *   bytes, and start moves on;
 * - half a frame is moved to the front of the buffer at most once for as many
 *   bytes consumed;
 * - a payload whose checksum is wrong is looked through again for frames, so
 *   that one lost byte costs one frame and not two. An enemy can nest headers
 *   so that each byte is summed for each header before it. debt_bytes counts
 *   such sums less the bytes consumed; noise never lets it grow, as it is paid
 *   back while the payload is searched. Above FRAME_MAX_DEBT_BYTES a bad
 *   payload is skipped whole.
 *
 * Nothing here depends on how the stream is cut into reads.
 */
#include <errno.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/frame.h"

#define MAGIC_BYTES (sizeof(FRAME_MAGIC) - 1)

enum header_offset {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_TYPE = 5,
	AT_FLAGS = 6,
	AT_PAYLOAD_BYTES = FRAME_AT_PAYLOAD_BYTES,
	AT_REQUEST = 12,
	AT_SESSION = 16,
	AT_HEADER_CRC = 24,
	AT_PAYLOAD_CRC = 28,
	AT_END = 32,
};

_Static_assert(AT_END == FRAME_HEADER_BYTES, "header layout");

void frame_decoder_init(struct frame_decoder *decoder)
{
	frame_decoder_reset(decoder);
	memset(&decoder->stats, 0, sizeof(decoder->stats));
}

void frame_decoder_reset(struct frame_decoder *decoder)
{
	decoder->start = 0;
	decoder->end = 0;
	decoder->debt_bytes = 0;
}

uint8_t *frame_decoder_space(struct frame_decoder *decoder, size_t *ret_size)
{
	if (decoder->start == decoder->end) {
		decoder->start = 0;
		decoder->end = 0;
	} else if (decoder->start >= FRAME_MAX_BYTES) {
		memmove(decoder->buf, decoder->buf + decoder->start,
			decoder->end - decoder->start);
		decoder->end -= decoder->start;
		decoder->start = 0;
	}
	*ret_size = sizeof(decoder->buf) - decoder->end;
	return decoder->buf + decoder->end;
}

void frame_decoder_filled(struct frame_decoder *decoder, size_t size)
{
	decoder->end += size;
}

static void consume(struct frame_decoder *decoder, size_t size)
{
	decoder->start += size;
	if (decoder->debt_bytes > size)
		decoder->debt_bytes -= size;
	else
		decoder->debt_bytes = 0;
}

static void skip(struct frame_decoder *decoder, size_t size)
{
	decoder->stats.garbage_bytes += size;
	consume(decoder, size);
}

/*
 * Offset of the first place where a magic stands, or where its beginning
 * stands at the very end; @size when there is none.
 */
static size_t find_magic(const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const uint8_t *hit;
		size_t left;

		hit = memchr(data + at, FRAME_MAGIC[0], size - at);
		if (!hit)
			return size;
		at = (size_t)(hit - data);
		left = size - at;
		if (!memcmp(hit, FRAME_MAGIC,
			    left < MAGIC_BYTES ? left : MAGIC_BYTES))
			return at;
		at++;
	}
	return size;
}

static int header_is_good(const uint8_t *header)
{
	return !bytes_get_le16(header + AT_FLAGS) &&
	       bytes_get_le32(header + AT_PAYLOAD_BYTES) <=
		       FRAME_MAX_PAYLOAD_BYTES &&
	       bytes_get_le32(header + AT_HEADER_CRC) ==
		       frame_crc32c(header, AT_HEADER_CRC);
}

int frame_decoder_next(struct frame_decoder *decoder, struct frame *ret_frame)
{
	for (;;) {
		const uint8_t *header;
		uint32_t payload_bytes;

		skip(decoder, find_magic(decoder->buf + decoder->start,
					 decoder->end - decoder->start));
		header = decoder->buf + decoder->start;
		if (decoder->end - decoder->start < FRAME_HEADER_BYTES)
			return 0;
		if (!header_is_good(header)) {
			decoder->stats.bad_headers++;
			skip(decoder, 1);
			continue;
		}
		payload_bytes = bytes_get_le32(header + AT_PAYLOAD_BYTES);
		if (decoder->end - decoder->start - FRAME_HEADER_BYTES <
		    payload_bytes)
			return 0;
		if (frame_crc32c(header + FRAME_HEADER_BYTES, payload_bytes) !=
		    bytes_get_le32(header + AT_PAYLOAD_CRC)) {
			decoder->stats.bad_payloads++;
			decoder->debt_bytes += payload_bytes;
			if (decoder->debt_bytes > FRAME_MAX_DEBT_BYTES)
				skip(decoder,
				     FRAME_HEADER_BYTES + payload_bytes);
			else
				skip(decoder, MAGIC_BYTES);
			continue;
		}
		decoder->stats.frames++;
		ret_frame->version = header[AT_VERSION];
		ret_frame->type = header[AT_TYPE];
		ret_frame->request = bytes_get_le32(header + AT_REQUEST);
		ret_frame->session = bytes_get_le64(header + AT_SESSION);
		ret_frame->payload = header + FRAME_HEADER_BYTES;
		ret_frame->payload_bytes = payload_bytes;
		consume(decoder, FRAME_HEADER_BYTES + payload_bytes);
		return 1;
	}
}

size_t frame_decoder_pending(const struct frame_decoder *decoder)
{
	return decoder->end - decoder->start;
}

void frame_decoder_give_up(struct frame_decoder *decoder)
{
	if (decoder->start < decoder->end)
		skip(decoder, 1);
}

int frame_encode(const struct frame *frame, uint8_t *buf, size_t buf_bytes,
		 size_t *ret_bytes)
{
	uint8_t *payload = buf + FRAME_HEADER_BYTES;

	if (frame->payload_bytes > FRAME_MAX_PAYLOAD_BYTES ||
	    buf_bytes < FRAME_HEADER_BYTES ||
	    buf_bytes - FRAME_HEADER_BYTES < frame->payload_bytes)
		return -EMSGSIZE;
	if (frame->payload_bytes && frame->payload != payload)
		memmove(payload, frame->payload, frame->payload_bytes);
	memcpy(buf + AT_MAGIC, FRAME_MAGIC, MAGIC_BYTES);
	buf[AT_VERSION] = frame->version;
	buf[AT_TYPE] = frame->type;
	bytes_put_le16(buf + AT_FLAGS, 0);
	bytes_put_le32(buf + AT_PAYLOAD_BYTES, frame->payload_bytes);
	bytes_put_le32(buf + AT_REQUEST, frame->request);
	bytes_put_le64(buf + AT_SESSION, frame->session);
	bytes_put_le32(buf + AT_HEADER_CRC, frame_crc32c(buf, AT_HEADER_CRC));
	bytes_put_le32(buf + AT_PAYLOAD_CRC,
		       frame_crc32c(payload, frame->payload_bytes));
	*ret_bytes = FRAME_HEADER_BYTES + frame->payload_bytes;
	return 0;
}
