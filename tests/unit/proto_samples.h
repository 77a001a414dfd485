/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message of each type, with a different value in each field. */
#ifndef CONTIG_TESTS_UNIT_PROTO_SAMPLES_H
#define CONTIG_TESTS_UNIT_PROTO_SAMPLES_H

#include "proto/message.h"

#define SAMPLE_REQUEST 0x01020304u
#define SAMPLE_SESSION UINT64_C(0x1122334455667788)

extern const uint8_t sample_types[];
extern const unsigned int sample_count;

/* Fills @message with the sample of @type. */
void sample_message(uint8_t type, struct message *message);

#endif
