// SPDX-License-Identifier: GPL-2.0-or-later
/* How frames are found in a stream: proto/PROTOCOL.md, "Finding frames". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/frame.h"

static struct frame_decoder decoder;

/* What a stream gave, in short: how many frames, and a sum over them. */
struct found {
	unsigned int count;
	uint32_t requests[64];
	uint32_t sum;
};

static void note(struct found *found, const struct frame *frame)
{
	if (found->count < 64)
		found->requests[found->count] = frame->request;
	found->count++;
	found->sum = found->sum * 31 + frame->request +
		     frame_crc32c(frame->payload, frame->payload_bytes);
}

/* Feeds @data in pieces of at most @piece bytes. */
static struct found feed(const uint8_t *data, size_t size, size_t piece)
{
	struct found found = { 0 };

	while (size) {
		struct frame frame;
		size_t space, now;
		uint8_t *at = frame_decoder_space(&decoder, &space);

		assert_true(space > 0);
		now = size < piece ? size : piece;
		now = now < space ? now : space;
		memcpy(at, data, now);
		frame_decoder_filled(&decoder, now);
		data += now;
		size -= now;
		while (frame_decoder_next(&decoder, &frame))
			note(&found, &frame);
	}
	return found;
}

static int setup(void **state)
{
	(void)state;
	frame_decoder_init(&decoder);
	return 0;
}

static size_t put_frame(uint8_t *at, uint32_t request, size_t payload_bytes)
{
	uint8_t payload[256];
	struct frame frame = {
		.version = FRAME_VERSION,
		.type = 7,
		.request = request,
		.session = 0x1122334455667788,
		.payload = payload,
		.payload_bytes = (uint32_t)payload_bytes,
	};
	size_t size;

	for (size_t i = 0; i < payload_bytes; i++)
		payload[i] = (uint8_t)(request * 7 + i);
	assert_int_equal(frame_encode(&frame, at, FRAME_MAX_BYTES, &size), 0);
	return size;
}

/* Only the header: its payload may be anything. */
static void put_header(uint8_t *at, uint32_t payload_bytes, uint32_t crc)
{
	memset(at, 0, FRAME_HEADER_BYTES);
	memcpy(at, FRAME_MAGIC, 4);
	at[4] = FRAME_VERSION;
	at[5] = 1;
	bytes_put_le32(at + 8, payload_bytes);
	bytes_put_le32(at + 24, frame_crc32c(at, 24));
	bytes_put_le32(at + 28, crc);
}

static void crc_has_the_values_of_rfc3720(void **state)
{
	uint8_t data[32];

	(void)state;
	memset(data, 0, sizeof(data));
	assert_int_equal(frame_crc32c(data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	assert_int_equal(frame_crc32c(data, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		data[i] = (uint8_t)i;
	assert_int_equal(frame_crc32c(data, 32), 0x46dd794e);
	for (int i = 0; i < 32; i++)
		data[i] = (uint8_t)(31 - i);
	assert_int_equal(frame_crc32c(data, 32), 0x113fdb5c);
	assert_int_equal(frame_crc32c((const uint8_t *)"123456789", 9),
			 0xe3069283);
	assert_int_equal(frame_crc32c(data, 0), 0);
}

static uint32_t crc_bit_by_bit(uint8_t byte)
{
	uint32_t crc = UINT32_MAX ^ byte;

	for (int i = 0; i < 8; i++)
		crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	return ~crc;
}

static void crc_table_is_that_of_the_polynomial(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		assert_int_equal(frame_crc32c(&byte, 1), crc_bit_by_bit(byte));
	}
}

static void a_frame_comes_back_as_it_was(void **state)
{
	const uint8_t payload[] = { 1, 2, 3 };
	const struct frame in = {
		.version = FRAME_VERSION,
		.type = 200,
		.request = 0xfffffffe,
		.session = 0xfedcba9876543210,
		.payload = payload,
		.payload_bytes = sizeof(payload),
	};
	struct frame out;
	size_t size, space;
	uint8_t *at;

	(void)state;
	at = frame_decoder_space(&decoder, &space);
	assert_int_equal(frame_encode(&in, at, space, &size), 0);
	assert_int_equal(size, FRAME_HEADER_BYTES + sizeof(payload));
	frame_decoder_filled(&decoder, size);
	assert_int_equal(frame_decoder_next(&decoder, &out), 1);
	assert_int_equal(out.version, in.version);
	assert_int_equal(out.type, in.type);
	assert_int_equal(out.request, in.request);
	assert_int_equal(out.session, in.session);
	assert_int_equal(out.payload_bytes, sizeof(payload));
	assert_memory_equal(out.payload, payload, sizeof(payload));
	assert_int_equal(frame_decoder_next(&decoder, &out), 0);
	assert_int_equal(frame_decoder_pending(&decoder), 0);
}

static void encode_refuses_what_is_too_long(void **state)
{
	static uint8_t buf[FRAME_MAX_BYTES + 1];
	struct frame frame = { .version = 1, .payload = buf };
	size_t size;

	(void)state;
	frame.payload_bytes = FRAME_MAX_PAYLOAD_BYTES + 1;
	assert_int_equal(frame_encode(&frame, buf, sizeof(buf), &size),
			 -EMSGSIZE);
	frame.payload_bytes = FRAME_MAX_PAYLOAD_BYTES;
	assert_int_equal(frame_encode(&frame, buf, FRAME_MAX_BYTES - 1, &size),
			 -EMSGSIZE);
	assert_int_equal(frame_encode(&frame, buf, FRAME_MAX_BYTES, &size), 0);
	assert_int_equal(size, FRAME_MAX_BYTES);
	frame.payload_bytes = 0;
	assert_int_equal(frame_encode(&frame, buf, FRAME_HEADER_BYTES - 1,
				      &size), -EMSGSIZE);
}

static void the_longest_frame_is_read(void **state)
{
	static uint8_t buf[FRAME_MAX_BYTES], payload[FRAME_MAX_PAYLOAD_BYTES];
	struct frame frame = {
		.version = 1,
		.request = 9,
		.payload = payload,
		.payload_bytes = sizeof(payload),
	};
	size_t size;

	(void)state;
	assert_int_equal(frame_encode(&frame, buf, sizeof(buf), &size), 0);
	/* Twenty of them, so that they lie at any place of the buffer. */
	for (size_t piece = 999; piece < 20000; piece += 1000) {
		struct found found = feed(buf, size, piece);

		assert_int_equal(found.count, 1);
	}
	assert_int_equal(decoder.stats.garbage_bytes, 0);
}

static void a_stream_may_be_cut_anywhere(void **state)
{
	uint8_t data[1024];
	size_t size = 0;
	struct found whole;

	(void)state;
	memcpy(data, "xxCTIGCTCTI", 11);
	size = 11;
	for (uint32_t i = 1; i <= 5; i++)
		size += put_frame(data + size, i, i * 11);
	whole = feed(data, size, size);
	assert_int_equal(whole.count, 5);
	for (size_t piece = 1; piece < size; piece++) {
		struct found found;

		frame_decoder_init(&decoder);
		found = feed(data, size, piece);
		assert_int_equal(found.count, 5);
		assert_int_equal(found.sum, whole.sum);
	}
	for (size_t cut = 1; cut < size; cut++) {
		struct found a, b;

		frame_decoder_init(&decoder);
		a = feed(data, cut, cut);
		b = feed(data + cut, size - cut, size);
		assert_int_equal(a.count + b.count, 5);
	}
}

/* Three frames; what was done to the middle one must cost only that one. */
static void expect_first_and_last(const uint8_t *data, size_t size)
{
	struct found found;

	frame_decoder_init(&decoder);
	found = feed(data, size, size);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.requests[0], 1);
	assert_int_equal(found.requests[1], 3);
}

static void a_lost_byte_costs_one_frame(void **state)
{
	uint8_t data[1024], lossy[1024];
	size_t first, middle, size;

	(void)state;
	first = put_frame(data, 1, 40);
	middle = put_frame(data + first, 2, 100);
	size = first + middle;
	size += put_frame(data + size, 3, 60);
	for (size_t i = first; i < first + middle; i++) {
		memcpy(lossy, data, i);
		memcpy(lossy + i, data + i + 1, size - i - 1);
		expect_first_and_last(lossy, size - 1);
	}
}

static void a_flipped_bit_costs_one_frame(void **state)
{
	uint8_t data[1024];
	size_t first, middle, size;

	(void)state;
	first = put_frame(data, 1, 40);
	middle = put_frame(data + first, 2, 100);
	size = first + middle;
	size += put_frame(data + size, 3, 60);
	for (size_t bit = first * 8; bit < (first + middle) * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect_first_and_last(data, size);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void a_bad_length_is_not_waited_for(void **state)
{
	uint8_t data[256];
	struct found found;
	size_t size;

	(void)state;
	/* A good checksum over a length beyond the limit. */
	put_header(data, FRAME_MAX_PAYLOAD_BYTES + 1, 0);
	size = FRAME_HEADER_BYTES;
	size += put_frame(data + size, 5, 10);
	found = feed(data, size, size);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.requests[0], 5);
	assert_int_equal(decoder.stats.bad_headers, 1);

	/* A length within the limit, under a wrong checksum. */
	frame_decoder_init(&decoder);
	put_header(data, 60000, 0);
	data[24] ^= 1;
	found = feed(data, size, size);
	assert_int_equal(found.count, 1);
	assert_int_equal(decoder.stats.bad_headers, 1);
}

static void flags_make_a_bad_header(void **state)
{
	uint8_t data[64];
	struct found found;
	size_t size = put_frame(data, 1, 0);

	(void)state;
	data[6] = 1;
	bytes_put_le32(data + 24, frame_crc32c(data, 24));
	found = feed(data, size, size);
	assert_int_equal(found.count, 0);
	assert_int_equal(decoder.stats.bad_headers, 1);
}

static void another_version_is_handed_on(void **state)
{
	uint8_t data[64];
	struct frame frame;
	size_t size = put_frame(data, 1, 0), space;

	(void)state;
	data[4] = 77;
	bytes_put_le32(data + 24, frame_crc32c(data, 24));
	memcpy(frame_decoder_space(&decoder, &space), data, size);
	frame_decoder_filled(&decoder, size);
	assert_int_equal(frame_decoder_next(&decoder, &frame), 1);
	assert_int_equal(frame.version, 77);
}

static void garbage_is_counted(void **state)
{
	static const char junk[] = "CCTCTICTIGwhat is this CTI";
	uint8_t data[256];
	struct found found;
	size_t size = sizeof(junk) - 1;

	(void)state;
	memcpy(data, junk, size);
	size += put_frame(data + size, 1, 3);
	found = feed(data, size, size);
	assert_int_equal(found.count, 1);
	assert_int_equal(decoder.stats.garbage_bytes, sizeof(junk) - 1);
	assert_int_equal(decoder.stats.frames, 1);
	assert_int_equal(decoder.stats.bad_headers, 1);
}

/*
 * Each header says that 64 KiB follow and that is so: the next headers. With a
 * wrong checksum on each, a decoder that searches every payload again sums 64
 * KiB for each 32 bytes.
 */
static void nested_headers_are_not_summed_again_and_again(void **state)
{
	const size_t size = 8 * 1024 * 1024;
	uint8_t *data = malloc(size);
	struct found found;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < size; i += FRAME_HEADER_BYTES)
		put_header(data + i, FRAME_MAX_PAYLOAD_BYTES, 0x12345678);
	found = feed(data, size, 4096);
	assert_int_equal(found.count, 0);
	assert_true(decoder.stats.bad_payloads * FRAME_MAX_PAYLOAD_BYTES <=
		    size + FRAME_MAX_DEBT_BYTES + 2 * FRAME_MAX_BYTES);

	/* And what comes after such an attack is read. */
	memset(data, 0, 2 * FRAME_MAX_BYTES);
	feed(data, 2 * FRAME_MAX_BYTES, 4096);
	found = feed(data, put_frame(data, 8, 30), 4096);
	assert_int_equal(found.count, 1);
	free(data);
}

static void repeated_magics_are_skipped(void **state)
{
	static uint8_t data[1024 * 1024];
	struct found found;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)FRAME_MAGIC[i % 4];
	found = feed(data, sizeof(data), 1000);
	assert_int_equal(found.count, 0);
	assert_true(frame_decoder_pending(&decoder) < FRAME_HEADER_BYTES);
	assert_true(decoder.stats.bad_headers <= sizeof(data) / 4);
	found = feed(data, put_frame(data, 4, 1), 7);
	assert_int_equal(found.count, 1);
}

static void there_is_always_room(void **state)
{
	static uint8_t noise[3 * FRAME_MAX_BYTES];
	unsigned int seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1103515245 + 12345;
		noise[i] = (uint8_t)(seed >> 16);
	}
	for (size_t i = 0; i + 100000 < sizeof(noise); i += 30011)
		put_header(noise + i, (uint32_t)(i % 65537), 1);
	for (size_t piece = 1; piece < 70000; piece = piece * 3 + 1)
		feed(noise, sizeof(noise), piece); /* asserts space > 0 */
}

static void give_up_finds_what_stands_inside(void **state)
{
	uint8_t data[256];
	struct found found;
	struct frame frame;
	size_t size;

	(void)state;
	/* A peer died after a header; its successor says something. */
	put_header(data, 30000, 0);
	size = FRAME_HEADER_BYTES;
	size += put_frame(data + size, 6, 12);
	found = feed(data, size, size);
	assert_int_equal(found.count, 0);
	assert_int_equal(frame_decoder_pending(&decoder), size);
	frame_decoder_give_up(&decoder);
	assert_int_equal(frame_decoder_next(&decoder, &frame), 1);
	assert_int_equal(frame.request, 6);
	assert_int_equal(frame_decoder_pending(&decoder), 0);
	/* Without anything pending it does nothing. */
	frame_decoder_give_up(&decoder);
	assert_int_equal(decoder.stats.garbage_bytes, FRAME_HEADER_BYTES);
}

static void reset_forgets_half_a_frame(void **state)
{
	uint8_t data[256];
	size_t size = put_frame(data, 6, 50);
	struct found found;

	(void)state;
	feed(data, size - 1, size);
	frame_decoder_reset(&decoder);
	assert_int_equal(frame_decoder_pending(&decoder), 0);
	found = feed(data, size, size);
	assert_int_equal(found.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(crc_has_the_values_of_rfc3720, setup),
		cmocka_unit_test_setup(crc_table_is_that_of_the_polynomial,
				       setup),
		cmocka_unit_test_setup(a_frame_comes_back_as_it_was, setup),
		cmocka_unit_test_setup(encode_refuses_what_is_too_long, setup),
		cmocka_unit_test_setup(the_longest_frame_is_read, setup),
		cmocka_unit_test_setup(a_stream_may_be_cut_anywhere, setup),
		cmocka_unit_test_setup(a_lost_byte_costs_one_frame, setup),
		cmocka_unit_test_setup(a_flipped_bit_costs_one_frame, setup),
		cmocka_unit_test_setup(a_bad_length_is_not_waited_for, setup),
		cmocka_unit_test_setup(flags_make_a_bad_header, setup),
		cmocka_unit_test_setup(another_version_is_handed_on, setup),
		cmocka_unit_test_setup(garbage_is_counted, setup),
		cmocka_unit_test_setup(
			nested_headers_are_not_summed_again_and_again, setup),
		cmocka_unit_test_setup(repeated_magics_are_skipped, setup),
		cmocka_unit_test_setup(there_is_always_room, setup),
		cmocka_unit_test_setup(give_up_finds_what_stands_inside, setup),
		cmocka_unit_test_setup(reset_forgets_half_a_frame, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
