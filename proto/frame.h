/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames: how messages are cut out of a byte stream that may start anywhere,
 * lose bytes, or be written by an enemy. PROTOCOL.md is the specification.
 *
 * No I/O, no clock, no allocation, no global state.
 */
#ifndef CONTIG_PROTO_FRAME_H
#define CONTIG_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC "CTIG"
#define FRAME_HEADER_BYTES 32
/* What one frame may make a receiver keep. */
#define FRAME_MAX_PAYLOAD_BYTES 65536
#define FRAME_MAX_BYTES (FRAME_HEADER_BYTES + FRAME_MAX_PAYLOAD_BYTES)
/*
 * How many bytes of payload with a wrong checksum a decoder looks through a
 * second time before it starts to skip such payloads whole: what keeps the
 * work linear when headers stand inside each other's payloads.
 */
#define FRAME_MAX_DEBT_BYTES (4 * FRAME_MAX_BYTES)
#define FRAME_VERSION 1
/* Where a header says how long its payload is, in every version. */
#define FRAME_AT_PAYLOAD_BYTES 8

struct frame {
	uint8_t version;
	uint8_t type;
	uint32_t request; /* which request this belongs to; 0: none */
	uint64_t session; /* the host's nonce for this connection */
	const uint8_t *payload; /* inside the decoder's buffer */
	uint32_t payload_bytes;
};

/* What a decoder has thrown away, for logs and for the back-off. */
struct frame_stats {
	uint64_t frames;
	uint64_t garbage_bytes; /* skipped while looking for a frame */
	uint64_t bad_headers; /* magic, but checksum or length wrong */
	uint64_t bad_payloads; /* header good, payload checksum wrong */
};

/*
 * Room for two frames, not one: half a frame is moved to the front only after
 * as many bytes were consumed as one frame has, so moving costs each byte at
 * most once, however short the reads and the frames are.
 */
struct frame_decoder {
	uint8_t buf[2 * FRAME_MAX_BYTES];
	size_t start; /* first byte not yet consumed */
	size_t end; /* end of the bytes received */
	size_t debt_bytes; /* summed in vain, less what was consumed since */
	struct frame_stats stats;
};

/* Empties the decoder; the statistics start again from zero. */
void frame_decoder_init(struct frame_decoder *decoder);

/* Forgets half a frame, after a reconnect; keeps the statistics. */
void frame_decoder_reset(struct frame_decoder *decoder);

/**
 * frame_decoder_space() - where to read the next bytes to
 * @ret_size: how many bytes fit there; at least 1 as long as
 *	frame_decoder_next() was called until it returned 0.
 *
 * Return: the place; call frame_decoder_filled() after reading.
 */
uint8_t *frame_decoder_space(struct frame_decoder *decoder, size_t *ret_size);

/* Says that @size bytes were put where frame_decoder_space() pointed. */
void frame_decoder_filled(struct frame_decoder *decoder, size_t size);

/**
 * frame_decoder_next() - the next whole frame
 * @ret_frame: filled in; its payload is valid until the next call with this
 *	decoder.
 *
 * Skips garbage up to the next frame whose checksums hold. A frame of another
 * protocol version is returned too: the caller has to look at version.
 *
 * Return: 1 for a frame, 0 when more bytes are needed.
 */
int frame_decoder_next(struct frame_decoder *decoder, struct frame *ret_frame);

/**
 * frame_decoder_pending() - whether bytes wait for more to come
 *
 * Return: how many bytes were received but make no whole frame yet.
 */
size_t frame_decoder_pending(const struct frame_decoder *decoder);

/**
 * frame_decoder_give_up() - stop waiting for the rest of a frame
 *
 * For a caller with a clock, when bytes are pending and none has come for a
 * while: a peer that died in the middle of a frame would else make its
 * successor's first frames disappear in that frame's payload. Call
 * frame_decoder_next() afterwards: what follows may hold whole frames.
 */
void frame_decoder_give_up(struct frame_decoder *decoder);

/**
 * frame_encode() - write one frame
 * @frame: payload and payload_bytes may be NULL and 0.
 * @buf: room for it; payload may already stand at buf + FRAME_HEADER_BYTES.
 * @ret_bytes: the frame's whole length.
 *
 * Return: 0, or -EMSGSIZE when the payload is over FRAME_MAX_PAYLOAD_BYTES or
 * the frame over @buf_bytes.
 */
int frame_encode(const struct frame *frame, uint8_t *buf, size_t buf_bytes,
		 size_t *ret_bytes);

/* CRC-32C (Castagnoli), as in RFC 3720, appendix B.4. */
uint32_t frame_crc32c(const uint8_t *data, size_t size);

#endif
