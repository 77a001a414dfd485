/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONTIG_AGENT_OPTIONS_H
#define CONTIG_AGENT_OPTIONS_H

#include <stdbool.h>

#ifndef CONTIG_VERSION
#define CONTIG_VERSION "0.1.0"
#endif
#define OPTIONS_VERSION CONTIG_VERSION

struct options {
	const char *port; /* the virtio-serial port's name */
	const char *device;
	unsigned int max_held_percent; /* of the guest's memory, 1 to 100 */
	bool background; /* detach, and log to the kernel's log */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_EXIT_OK, /* --help, --version: printed */
	OPTIONS_EXIT_USAGE, /* one line on standard error has said why */
};

enum options_result options_parse(struct options *options, int argc,
				  char **argv);

#endif
