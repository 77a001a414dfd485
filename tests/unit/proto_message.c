// SPDX-License-Identifier: GPL-2.0-or-later
/* The bounds of each field: proto/PROTOCOL.md, "Messages". */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/frame.h"
#include "proto/message.h"
#include "tests/unit/proto_samples.h"

static uint8_t buf[FRAME_MAX_BYTES];
static uint8_t *const payload = buf + FRAME_HEADER_BYTES;
static struct message message, again;

/* Leaves the sample's payload in payload; returns its size. */
static size_t encode_sample(uint8_t type)
{
	size_t bytes;

	sample_message(type, &message);
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), 0);
	return bytes - FRAME_HEADER_BYTES;
}

static void put(size_t at, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		payload[at + i] = (uint8_t)(value >> 8 * i);
}

/* A field of a sample, and a value that it must or may not have. */
struct field_case {
	uint8_t type;
	uint16_t at;
	uint8_t size;
	uint64_t value;
	int err;
};

#define GOOD 0
#define BAD (-EBADMSG)

static const struct field_case field_cases[] = {
	{ MESSAGE_HELLO, 0, 2, 0, BAD }, /* lowest version */
	{ MESSAGE_HELLO, 0, 2, 3, GOOD },
	{ MESSAGE_HELLO, 0, 2, 4, BAD }, /* higher than the highest */
	{ MESSAGE_HELLO, 2, 2, 0xffff, GOOD },
	{ MESSAGE_STATE_GET, 0, 4, 0xffffffff, GOOD }, /* any node */
	{ MESSAGE_STATE_GET, 0, 4, 0xfffffffe, BAD },
	{ MESSAGE_STATE_GET, 0, 4, 1023, GOOD },
	{ MESSAGE_STATE_GET, 0, 4, 1024, BAD },
	{ MESSAGE_REQUEST, 0, 4, 0, GOOD }, /* flags */
	{ MESSAGE_REQUEST, 0, 4, 3, GOOD },
	{ MESSAGE_REQUEST, 0, 4, 4, BAD },
	{ MESSAGE_REQUEST, 0, 4, 0x80000001, BAD },
	{ MESSAGE_PLAN, 0, 4, 2, GOOD },
	{ MESSAGE_PLAN, 0, 4, 4, BAD },
	{ MESSAGE_REQUEST, 4, 1, 0, GOOD }, /* strategy */
	{ MESSAGE_REQUEST, 4, 1, 2, BAD },
	{ MESSAGE_REQUEST, 5, 1, 8, BAD }, /* order */
	{ MESSAGE_REQUEST, 5, 1, 15, GOOD },
	{ MESSAGE_REQUEST, 5, 1, 16, BAD }, /* the range is not aligned to it */
	{ MESSAGE_REQUEST, 5, 1, 19, BAD },
	{ MESSAGE_REQUEST, 5, 1, 255, BAD },
	{ MESSAGE_REQUEST, 6, 4, 0, BAD }, /* count */
	{ MESSAGE_REQUEST, 6, 4, 65536, GOOD },
	{ MESSAGE_REQUEST, 6, 4, 65537, BAD },
	{ MESSAGE_REQUEST, 6, 4, 0xffffffff, BAD },
	{ MESSAGE_REQUEST, 10, 4, 0xffffffff, GOOD }, /* node */
	{ MESSAGE_REQUEST, 10, 4, 1024, BAD },
	{ MESSAGE_REQUEST, 14, 8, 0x40001, BAD }, /* first gfn */
	{ MESSAGE_REQUEST, 14, 8, 0, GOOD },
	{ MESSAGE_REQUEST, 14, 8, (UINT64_C(1) << 40) - 0x8000, GOOD },
	{ MESSAGE_REQUEST, 14, 8, (UINT64_C(1) << 40) - 0x7e00, BAD },
	{ MESSAGE_REQUEST, 14, 8, UINT64_MAX - 0x1ff, BAD },
	{ MESSAGE_REQUEST, 22, 8, 0x8001, BAD }, /* page frames */
	{ MESSAGE_REQUEST, 22, 8, 0, BAD }, /* with a first gfn */
	{ MESSAGE_REQUEST, 22, 8, UINT64_MAX - 0x1ff, BAD },
	{ MESSAGE_REQUEST, 30, 8, UINT64_MAX, GOOD }, /* moves */
	{ MESSAGE_REQUEST, 38, 8, UINT64_MAX, GOOD }, /* time */
	{ MESSAGE_TOUCH, 0, 4, 2, GOOD }, /* count; the rest is ignored */
	{ MESSAGE_TOUCH, 0, 4, 4, BAD },
	{ MESSAGE_HOLD, 0, 4, 4097, BAD },
	{ MESSAGE_RELEASE, 0, 4, 0xffffffff, BAD },
	{ MESSAGE_RELEASE, 0, 4, 0, GOOD },
	{ MESSAGE_RELEASE, 4, 8, 0, BAD }, /* id */
	{ MESSAGE_MAP_GET, 0, 8, 0x200, BAD }, /* not aligned */
	{ MESSAGE_MAP_GET, 0, 8, UINT64_C(1) << 40, BAD },
	{ MESSAGE_MAP_GET, 0, 8, (UINT64_C(1) << 40) - 0x400, GOOD },
	{ MESSAGE_MAP_GET, 8, 1, 8, BAD }, /* order */
	{ MESSAGE_MAP_GET, 8, 1, 31, BAD },
	{ MESSAGE_MAP_GET, 8, 1, 64, BAD },
	{ MESSAGE_MAP_GET, 9, 4, 0, BAD }, /* count */
	{ MESSAGE_MAP_GET, 9, 4, 2049, BAD },
	{ MESSAGE_HELLO_REPLY, 0, 2, 0, BAD }, /* version */
	{ MESSAGE_HELLO_REPLY, 14, 4, 4095, GOOD }, /* errno */
	{ MESSAGE_HELLO_REPLY, 14, 4, 4096, BAD },
	{ MESSAGE_HELLO_REPLY, 22, 1, 8, BAD }, /* lowest order */
	{ MESSAGE_HELLO_REPLY, 23, 1, 8, BAD }, /* highest order */
	{ MESSAGE_HELLO_REPLY, 23, 1, 19, BAD },
	{ MESSAGE_HELLO_REPLY, 32, 1, 17, GOOD }, /* length of the text */
	{ MESSAGE_HELLO_REPLY, 32, 1, 19, BAD },
	{ MESSAGE_HELLO_REPLY, 32, 1, 201, BAD },
	{ MESSAGE_HELLO_REPLY, 33, 1, '\n', BAD },
	{ MESSAGE_HELLO_REPLY, 33, 1, 0x1b, BAD },
	{ MESSAGE_HELLO_REPLY, 33, 1, 0x7f, BAD },
	{ MESSAGE_HELLO_REPLY, 33, 1, 0xc3, BAD },
	{ MESSAGE_HELLO_REPLY, 33, 1, 0, BAD },
	{ MESSAGE_STATE, 0, 4, 0xfffffffe, BAD },
	{ MESSAGE_STATE, 4, 8, UINT64_C(1) << 40, GOOD },
	{ MESSAGE_STATE, 4, 8, (UINT64_C(1) << 40) + 1, BAD },
	{ MESSAGE_STATE, 12, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 20, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 28, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 36, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 44, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 52, 8, UINT64_MAX, BAD },
	{ MESSAGE_STATE, 60, 8, UINT64_MAX, BAD },
	{ MESSAGE_PROGRESS, 0, 4, 65537, BAD }, /* asked */
	{ MESSAGE_PROGRESS, 0, 4, 31, BAD }, /* less than made */
	{ MESSAGE_PROGRESS, 4, 4, 64, GOOD },
	{ MESSAGE_PROGRESS, 4, 4, 65, BAD },
	{ MESSAGE_REGIONS, 0, 4, 1025, BAD }, /* total */
	{ MESSAGE_REGIONS, 0, 4, 0xffffffff, GOOD },
	{ MESSAGE_REGIONS, 4, 4, 1025, BAD }, /* first */
	{ MESSAGE_REGIONS, 4, 4, 0xffffffff, BAD },
	{ MESSAGE_REGIONS, 8, 4, 0, BAD }, /* count */
	{ MESSAGE_REGIONS, 8, 4, 1025, BAD },
	{ MESSAGE_REGIONS, 12, 8, 0, BAD }, /* id */
	{ MESSAGE_REGIONS, 20, 8, 0x40001, BAD }, /* gfn */
	{ MESSAGE_REGIONS, 20, 8, UINT64_C(1) << 40, BAD },
	{ MESSAGE_REGIONS, 20, 8, (UINT64_C(1) << 40) - 512, GOOD },
	{ MESSAGE_REGIONS, 28, 4, 0xffffffff, BAD }, /* node */
	{ MESSAGE_REGIONS, 28, 4, 1024, BAD },
	{ MESSAGE_REGIONS, 32, 1, 8, BAD }, /* order */
	{ MESSAGE_REGIONS, 32, 1, 19, BAD },
	{ MESSAGE_REGIONS, 33, 1, 2, BAD }, /* flags */
	{ MESSAGE_ANSWER, 0, 4, 0, BAD }, /* requested */
	{ MESSAGE_ANSWER, 0, 4, 65537, BAD },
	{ MESSAGE_ANSWER, 4, 4, 64, GOOD }, /* made */
	{ MESSAGE_ANSWER, 4, 4, 65, BAD },
	{ MESSAGE_ANSWER, 48, 4, 33, BAD }, /* reasons */
	{ MESSAGE_ANSWER, 48, 4, 3, BAD }, /* more than there are */
	{ MESSAGE_ANSWER, 48, 4, 0, GOOD },
	{ MESSAGE_ANSWER, 52, 4, 0, BAD }, /* reason */
	{ MESSAGE_ANSWER, 52, 4, 255, GOOD },
	{ MESSAGE_ANSWER, 52, 4, 256, BAD },
	{ MESSAGE_ANSWER, 56, 4, 65537, BAD }, /* regions */
	{ MESSAGE_DETAILS, 0, 8, UINT64_C(1) << 40, GOOD }, /* reclaimed */
	{ MESSAGE_DETAILS, 0, 8, (UINT64_C(1) << 40) + 1, BAD },
	{ MESSAGE_DETAILS, 8, 4, 0, GOOD }, /* count */
	{ MESSAGE_DETAILS, 8, 4, 3, BAD }, /* more than there are */
	{ MESSAGE_DETAILS, 8, 4, 33, BAD },
	{ MESSAGE_DETAILS, 8, 4, 0xffffffff, BAD },
	{ MESSAGE_DETAILS, 12, 4, 0, BAD }, /* reason */
	{ MESSAGE_DETAILS, 12, 4, 255, GOOD },
	{ MESSAGE_DETAILS, 12, 4, 256, BAD },
	{ MESSAGE_DETAILS, 16, 4, 0, BAD }, /* regions */
	{ MESSAGE_DETAILS, 16, 4, 65536, GOOD },
	{ MESSAGE_DETAILS, 16, 4, 65537, BAD },
	{ MESSAGE_DETAILS, 20, 1, 0, BAD }, /* length of the name */
	{ MESSAGE_DETAILS, 20, 1, 31, BAD }, /* the next entry is no text */
	{ MESSAGE_DETAILS, 21, 1, 'D', GOOD }, /* name */
	{ MESSAGE_DETAILS, 21, 1, 0x1b, BAD },
	{ MESSAGE_DETAILS, 21, 1, '\n', BAD },
	{ MESSAGE_DETAILS, 21, 1, 0x7f, BAD },
	{ MESSAGE_DETAILS, 21, 1, 0xc3, BAD },
	{ MESSAGE_DETAILS, 21, 1, 0, BAD },
	{ MESSAGE_DETAILS, 35, 1, 31, GOOD }, /* as long as can be */
	{ MESSAGE_DETAILS, 35, 1, 32, BAD },
	{ MESSAGE_DETAILS, 35, 1, 0, BAD }, /* the rest is ignored */
	{ MESSAGE_MAP, 0, 8, (UINT64_C(1) << 40) + 1, BAD }, /* end */
	{ MESSAGE_MAP, 8, 8, 0x401, BAD }, /* first */
	{ MESSAGE_MAP, 16, 1, 8, BAD }, /* order */
	{ MESSAGE_MAP, 16, 1, 31, BAD },
	{ MESSAGE_MAP, 17, 4, 0, BAD }, /* count */
	{ MESSAGE_MAP, 17, 4, 3, BAD },
	{ MESSAGE_MAP, 17, 4, 2049, BAD },
	{ MESSAGE_MAP, 21, 4, 513, BAD }, /* more than a cell has */
	{ MESSAGE_MAP, 25, 4, 513, BAD },
	{ MESSAGE_MAP, 29, 4, 513, BAD },
	{ MESSAGE_MAP, 33, 4, 513, BAD },
	{ MESSAGE_MAP, 33, 4, 512, GOOD },
	{ MESSAGE_ERROR, 0, 4, 0, BAD }, /* code */
	{ MESSAGE_ERROR, 0, 4, 99, GOOD }, /* of a later version */
	{ MESSAGE_ERROR, 4, 1, 201, BAD },
	{ MESSAGE_ERROR, 5, 1, '\r', BAD },
};

static void each_bound_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(field_cases) / sizeof(field_cases[0]);
	     i++) {
		const struct field_case *c = &field_cases[i];
		size_t size = encode_sample(c->type), bytes;
		int err;

		assert_true(c->at + c->size <= size);
		put(c->at, c->size, c->value);
		err = message_decode(c->type, payload, size, &again);
		if (err != c->err)
			fail_msg("%s: %#llx at %u: %d instead of %d",
				 message_type_name(c->type),
				 (unsigned long long)c->value, c->at, err,
				 c->err);
		/* What is refused when it is read can't be written either. */
		if (err)
			continue;
		assert_int_equal(message_encode(&again, 1, 2, buf, sizeof(buf),
						&bytes), 0);
	}
}

static void what_is_out_of_bounds_is_not_written(void **state)
{
	size_t bytes;

	(void)state;
	sample_message(MESSAGE_REQUEST, &message);
	message.request.order = 19;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_TOUCH, &message);
	message.ids.count = MESSAGE_MAX_IDS + 1;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_REGIONS, &message);
	message.regions.count = MESSAGE_MAX_REGIONS + 1;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_DETAILS, &message);
	message.details.count = MESSAGE_MAX_DETAILS + 1;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_DETAILS, &message);
	memset(message.details.details[0].name, 'a',
	       sizeof(message.details.details[0].name));
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_ERROR, &message);
	memset(message.error.text, 'a', sizeof(message.error.text));
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	sample_message(MESSAGE_ERROR, &message);
	message.error.text[0] = '\n';
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
	message.type = (enum message_type)99;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), -EINVAL);
}

static void a_short_payload_is_refused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sample_count; i++) {
		size_t size = encode_sample(sample_types[i]);
		/* So that the sanitizer sees a read behind its end. */
		uint8_t *copy = malloc(size + 1);

		assert_non_null(copy);
		for (size_t cut = 0; cut < size; cut++) {
			uint8_t *end = copy + size + 1 - cut;

			memcpy(end, payload, cut);
			assert_int_equal(message_decode(sample_types[i], end,
							cut, &again),
					 -EBADMSG);
		}
		free(copy);
	}
}

static void bytes_of_a_later_version_are_ignored(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sample_count; i++) {
		size_t size = encode_sample(sample_types[i]);

		memset(payload + size, 0xff, 9);
		memset(&again, 0, sizeof(again));
		assert_int_equal(message_decode(sample_types[i], payload,
						size + 9, &again), 0);
		assert_memory_equal(&again, &message, sizeof(again));
	}
}

static void a_small_buffer_is_refused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sample_count; i++) {
		size_t size = encode_sample(sample_types[i]), bytes;

		for (size_t room = 0; room < FRAME_HEADER_BYTES + size; room++)
			assert_int_equal(message_encode(&message, 1, 2, buf,
							room, &bytes),
					 -EMSGSIZE);
	}
}

static void the_largest_messages_fit_a_frame(void **state)
{
	size_t bytes;

	(void)state;
	sample_message(MESSAGE_TOUCH, &message);
	message.ids.count = MESSAGE_MAX_IDS;
	for (int i = 0; i < MESSAGE_MAX_IDS; i++)
		message.ids.ids[i] = UINT64_MAX;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), 0);
	sample_message(MESSAGE_REGIONS, &message);
	message.regions.total = UINT32_MAX;
	message.regions.count = MESSAGE_MAX_REGIONS;
	for (int i = 0; i < MESSAGE_MAX_REGIONS; i++)
		message.regions.regions[i] = message.regions.regions[1];
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), 0);
	sample_message(MESSAGE_MAP, &message);
	message.map.count = MESSAGE_MAX_CELLS;
	assert_int_equal(message_encode(&message, 1, 2, buf, sizeof(buf),
					&bytes), 0);
}

static void unknown_types_are_told_apart(void **state)
{
	unsigned int known = 0;

	(void)state;
	for (int type = 0; type < 256; type++) {
		int err = message_decode((uint8_t)type, payload, 0, &again);

		if (err != -ENOTSUP) {
			known++;
			assert_string_not_equal(
				message_type_name((uint8_t)type), "unknown");
		} else {
			assert_string_equal(message_type_name((uint8_t)type),
					    "unknown");
		}
	}
	assert_int_equal(known, sample_count);
}

static void names_are_those_of_the_kernel(void **state)
{
	(void)state;
	assert_string_equal(message_reason_name(2), "slab");
	assert_string_equal(message_reason_name(11), "pinned");
	assert_string_equal(message_reason_name(19), "cancelled");
	assert_string_equal(message_reason_name(21), "no_start");
	assert_string_equal(message_reason_name(22), "stack");
	assert_string_equal(message_reason_name(23), "unknown");
	assert_string_equal(message_reason_name(64), "agent_limit");
	assert_string_equal(message_reason_name(UINT32_MAX), "unknown");
	for (uint32_t i = 0; i < MESSAGE_NR_KERNEL_REASONS; i++)
		assert_string_not_equal(message_reason_name(i), "unknown");
	for (uint32_t i = 1; i <= MESSAGE_ERROR_KERNEL; i++)
		assert_string_not_equal(message_error_name(i), "unknown");
	assert_string_equal(message_error_name(0), "unknown");
	assert_string_equal(message_error_name(8), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_is_kept),
		cmocka_unit_test(what_is_out_of_bounds_is_not_written),
		cmocka_unit_test(a_short_payload_is_refused),
		cmocka_unit_test(bytes_of_a_later_version_are_ignored),
		cmocka_unit_test(a_small_buffer_is_refused),
		cmocka_unit_test(the_largest_messages_fit_a_frame),
		cmocka_unit_test(unknown_types_are_told_apart),
		cmocka_unit_test(names_are_those_of_the_kernel),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
