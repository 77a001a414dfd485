// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client may send: what is taken is within all bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hv/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct command command;
	struct failure failure = { 0 };

	if (command_parse((const char *)data, size, &command, &failure) < 0) {
		if (failure.exit != EXIT_USAGE || failure.text[0] == '\0' ||
		    strchr(failure.text, '\n') != NULL)
			abort();
		return 0;
	}
	if (command.kind >= COMMAND_NR_KINDS)
		abort();
	if (command.guest[0] != '\0' && !config_name_valid(command.guest))
		abort();
	if (command.nr_ids > MESSAGE_MAX_IDS)
		abort();
	if (command.kind != COMMAND_REQUEST)
		return 0;
	if (command.order < MESSAGE_MIN_ORDER ||
	    command.order > MESSAGE_MAX_ORDER || command.count == 0 ||
	    command.count > MESSAGE_MAX_COUNT || command.timeout_ns == 0 ||
	    command.range_start.v + command.range_bytes > UINT64_C(1) << 52)
		abort();
	return 0;
}
