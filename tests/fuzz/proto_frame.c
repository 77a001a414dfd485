// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame decoder: any stream, cut in any way, gives the same frames and the
 * same statistics, and each frame found is one that the encoder writes.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
/* libFuzzer's own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct frame_decoder decoder;
static uint8_t again[FRAME_MAX_BYTES];

static void require(int condition)
{
	if (!condition)
		abort();
}

static uint32_t check_frame(const struct frame *frame)
{
	size_t bytes;

	require(frame->payload_bytes <= FRAME_MAX_PAYLOAD_BYTES);
	require(!frame_encode(frame, again, sizeof(again), &bytes));
	require(bytes == FRAME_HEADER_BYTES + frame->payload_bytes);
	/* The payload stands behind its header in the decoder's buffer. */
	require(!memcmp(again, frame->payload - FRAME_HEADER_BYTES, bytes));
	return frame_crc32c(again, bytes);
}

/* Pieces are as long as the bytes of @cuts say, over and over. */
static uint32_t run(const uint8_t *data, size_t size, const uint8_t *cuts,
		    size_t nr_cuts, struct frame_stats *ret_stats)
{
	size_t whole = size, at_cut = 0;
	uint32_t sum = 0;

	frame_decoder_init(&decoder);
	while (size) {
		struct frame frame;
		size_t space, piece = size;
		uint8_t *at = frame_decoder_space(&decoder, &space);

		require(space > 0);
		if (nr_cuts)
			piece = 1 + (size_t)cuts[at_cut++ % nr_cuts] * 3;
		piece = piece < size ? piece : size;
		piece = piece < space ? piece : space;
		memcpy(at, data, piece);
		frame_decoder_filled(&decoder, piece);
		data += piece;
		size -= piece;
		while (frame_decoder_next(&decoder, &frame))
			sum = sum * 31 + check_frame(&frame);
	}
	*ret_stats = decoder.stats;
	require(decoder.stats.garbage_bytes +
			decoder.stats.frames * FRAME_HEADER_BYTES <= whole);
	return sum;
}

/* Makes the header at @at hold, its payload too if @whole. */
static void mend(uint8_t *at, size_t left, bool whole)
{
	size_t payload_bytes = left - FRAME_HEADER_BYTES;

	bytes_put_le16(at + 6, 0);
	at[11] = 0;
	at[10] &= 1;
	if (bytes_get_le32(at + 8) < payload_bytes)
		payload_bytes = bytes_get_le32(at + 8);
	if (whole)
		bytes_put_le32(at + 8, (uint32_t)payload_bytes);
	bytes_put_le32(at + 24, frame_crc32c(at, 24));
	if (whole)
		bytes_put_le32(at + 28, frame_crc32c(at + FRAME_HEADER_BYTES,
						     payload_bytes));
}

/* No mutation finds a checksum by itself: mends some of the headers. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	for (size_t at = size; at-- > 0;) {
		size_t left = size - at;

		if (left < FRAME_HEADER_BYTES ||
		    memcmp(data + at, FRAME_MAGIC, 4))
			continue;
		if (seed % 4)
			mend(data + at, left, seed % 4 > 1);
		seed = seed / 4 + seed * 1664525;
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_stats whole, cut;
	size_t nr_cuts = size < 8 ? size : 8;
	uint32_t a, b;

	a = run(data, size, NULL, 0, &whole);
	b = run(data, size, data, nr_cuts, &cut);
	require(a == b);
	require(!memcmp(&whole, &cut, sizeof(whole)));
	/* Giving up must always come to an end. */
	while (frame_decoder_pending(&decoder)) {
		struct frame frame;

		frame_decoder_give_up(&decoder);
		while (frame_decoder_next(&decoder, &frame))
			check_frame(&frame);
	}
	return 0;
}
