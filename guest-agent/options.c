// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-agent/options.h"

/*
 * The kernel already stops at the zones' watermarks. This is for what it can't
 * know: that the guest's programs will want to grow again.
 */
#define DEFAULT_MAX_HELD_PERCENT 90

/* What sysfs can show as a port's name. */
#define MAX_PORT_NAME_BYTES 200

static const char usage[] =
	"usage: contig-agent [OPTION]...\n"
	"Makes contiguous memory regions in this guest when the host asks for it.\n"
	"\n"
	"  --port NAME           virtio-serial port to listen on (org.contig.agent.0)\n"
	"  --device PATH         the kernel's device (/dev/coalesce)\n"
	"  --max-held-percent N  hold at most so much of the guest's memory (90)\n"
	"  --foreground          stay, and log to standard error (the default)\n"
	"  --background          detach, and log to the kernel's log\n"
	"  --version\n"
	"  --help\n";

enum option_key {
	OPTION_PORT = 256,
	OPTION_DEVICE,
	OPTION_MAX_HELD,
	OPTION_FOREGROUND,
	OPTION_BACKGROUND,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option table[] = {
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "device", required_argument, NULL, OPTION_DEVICE },
	{ "max-held-percent", required_argument, NULL, OPTION_MAX_HELD },
	{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "background", no_argument, NULL, OPTION_BACKGROUND },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static enum options_result bad(const char *option, const char *value,
			       const char *wanted)
{
	fprintf(stderr, "contig-agent: %s '%s': give %s\n", option, value,
		wanted);
	return OPTIONS_EXIT_USAGE;
}

/* 0: not a whole number from 1 to 100. */
static unsigned int parse_percent(const char *text)
{
	unsigned long v;
	char *rest;

	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	v = strtoul(text, &rest, 10);
	return errno || *rest || v > 100 ? 0 : (unsigned int)v;
}

static enum options_result parse_one(struct options *options, int key)
{
	switch (key) {
	case OPTION_PORT:
		if (!*optarg || strlen(optarg) > MAX_PORT_NAME_BYTES)
			return bad("--port", optarg,
				   "the name of a virtio-serial port");
		options->port = optarg;
		return OPTIONS_RUN;
	case OPTION_DEVICE:
		if (*optarg != '/')
			return bad("--device", optarg, "an absolute path");
		options->device = optarg;
		return OPTIONS_RUN;
	case OPTION_MAX_HELD:
		options->max_held_percent = parse_percent(optarg);
		if (!options->max_held_percent)
			return bad("--max-held-percent", optarg,
				   "a whole number from 1 to 100");
		return OPTIONS_RUN;
	case OPTION_FOREGROUND:
	case OPTION_BACKGROUND:
		options->background = key == OPTION_BACKGROUND;
		return OPTIONS_RUN;
	case OPTION_VERSION:
		puts("contig-agent " OPTIONS_VERSION);
		return OPTIONS_EXIT_OK;
	case OPTION_HELP:
		fputs(usage, stdout);
		return OPTIONS_EXIT_OK;
	default:
		/* getopt_long() has named it, without what to do. */
		return OPTIONS_EXIT_USAGE;
	}
}

enum options_result options_parse(struct options *options, int argc,
				  char **argv)
{
	*options = (struct options){
		.port = "org.contig.agent.0",
		.device = "/dev/coalesce",
		.max_held_percent = DEFAULT_MAX_HELD_PERCENT,
	};
	/* 0 makes GNU getopt start anew, which tests need. */
	optind = 0;
	opterr = 0;
	for (;;) {
		int before = optind ? optind : 1;
		int key = getopt_long(argc, argv, ":", table, NULL);
		enum options_result result;

		if (key == -1)
			break;
		if (key == '?' || key == ':') {
			fprintf(stderr, "contig-agent: %s: %s; --help lists the options\n",
				argv[before],
				key == ':' ? "needs a value" :
					     "no such option");
			return OPTIONS_EXIT_USAGE;
		}
		result = parse_one(options, key);
		if (result != OPTIONS_RUN)
			return result;
	}
	if (optind < argc)
		return bad("argument", argv[optind],
			   "options only; --help lists them");
	return OPTIONS_RUN;
}
