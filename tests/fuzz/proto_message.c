// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages: what is read can be written, and is then read the same. The first
 * byte is the type, the rest the payload.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct message first, second;
static uint8_t buf[FRAME_MAX_BYTES];

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bytes, payload_bytes;
	int err;

	if (!size || size - 1 > FRAME_MAX_PAYLOAD_BYTES)
		return 0;
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	err = message_decode(data[0], data + 1, size - 1, &first);
	require(!err || err == -EBADMSG || err == -ENOTSUP);
	require(!strcmp(message_type_name(data[0]), "unknown") ==
		(err == -ENOTSUP));
	if (err)
		return 0;
	require(!message_encode(&first, 1, 2, buf, sizeof(buf), &bytes));
	payload_bytes = bytes - FRAME_HEADER_BYTES;
	/* What follows the fields is not the message's. */
	require(payload_bytes <= size - 1);
	require(!memcmp(buf + FRAME_HEADER_BYTES, data + 1, payload_bytes));
	require(!message_decode(data[0], buf + FRAME_HEADER_BYTES,
				payload_bytes, &second));
	/* Padding may be compared too: all of both was cleared before. */
	/* NOLINTNEXTLINE */
	require(!memcmp(&first, &second, sizeof(first)));
	return 0;
}
