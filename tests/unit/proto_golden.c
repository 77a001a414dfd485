// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden vectors: the bytes of each message, written down once by another
 * program. They hold old and new releases to the same wire format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/frame.h"
#include "proto/message.h"
#include "tests/unit/proto_samples.h"

static const struct golden {
	uint8_t type;
	const char *hex;
} vectors[] = {
#include "tests/unit/proto_golden.h"
};

#define NR_VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static size_t from_hex(const char *hex, uint8_t *data)
{
	size_t size = strlen(hex) / 2;

	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		data[i] = (uint8_t)byte;
	}
	return size;
}

static void each_type_has_a_vector(void **state)
{
	(void)state;
	assert_int_equal(NR_VECTORS, sample_count);
	for (size_t i = 0; i < NR_VECTORS; i++)
		assert_int_equal(vectors[i].type, sample_types[i]);
}

static void the_codec_writes_the_vectors(void **state)
{
	static uint8_t golden[1024], buf[FRAME_MAX_BYTES];
	static struct message message;

	(void)state;
	for (size_t i = 0; i < NR_VECTORS; i++) {
		size_t size = from_hex(vectors[i].hex, golden), bytes;

		sample_message(vectors[i].type, &message);
		assert_int_equal(message_encode(&message, SAMPLE_REQUEST,
						SAMPLE_SESSION, buf,
						sizeof(buf), &bytes), 0);
		assert_int_equal(bytes, size);
		assert_memory_equal(buf, golden, size);
	}
}

static void the_codec_reads_the_vectors(void **state)
{
	static struct frame_decoder decoder;
	static struct message message, sample;

	(void)state;
	frame_decoder_init(&decoder);
	for (size_t i = 0; i < NR_VECTORS; i++) {
		struct frame frame;
		size_t space;
		uint8_t *at = frame_decoder_space(&decoder, &space);

		frame_decoder_filled(&decoder, from_hex(vectors[i].hex, at));
		assert_int_equal(frame_decoder_next(&decoder, &frame), 1);
		assert_int_equal(frame.type, vectors[i].type);
		assert_int_equal(frame.request, SAMPLE_REQUEST);
		assert_int_equal(frame.session, SAMPLE_SESSION);
		memset(&message, 0, sizeof(message));
		assert_int_equal(message_decode(frame.type, frame.payload,
						frame.payload_bytes, &message),
				 0);
		sample_message(vectors[i].type, &sample);
		assert_memory_equal(&message, &sample, sizeof(message));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_has_a_vector),
		cmocka_unit_test(the_codec_writes_the_vectors),
		cmocka_unit_test(the_codec_reads_the_vectors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
