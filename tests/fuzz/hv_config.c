// SPDX-License-Identifier: GPL-2.0-or-later
/* A configuration file: what is taken can be used. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure failure = { 0 };
	struct config config;
	unsigned int i;
	FILE *file;

	if (size == 0)
		return 0;
	file = fmemopen((void *)data, size, "r");
	if (file == NULL)
		return 0;
	config_init(&config);
	if (config_read(&config, file, "x", &failure) < 0) {
		if (failure.text[0] == '\0' ||
		    strchr(failure.text, '\n') != NULL)
			abort();
	} else {
		for (i = 0; i < config.nr_guests; i++) {
			if (!config_name_valid(config.guests[i].name) ||
			    config.guests[i].qmp[0] != '/')
				abort();
		}
	}
	fclose(file);
	config_free(&config);
	return 0;
}
