// SPDX-License-Identifier: GPL-2.0-or-later
/* contigctl: finds the command and runs it. */
#include "hv/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/config.h"
#include "hv/version.h"

#define CTL_MAX_OPTIONS 20

static const struct ctl_command *const commands[] = {
	&ctl_list,    &ctl_status, &ctl_request,
	&ctl_release, &ctl_back,   &ctl_map,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

void ctl_error(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	/* What stands there may be a guest's: it must not steer a terminal. */
	failure_make_printable(text);
	fprintf(stderr, "contigctl: %s\n", text);
}

int ctl_bad_value(const char *option, const char *value, const char *allowed)
{
	ctl_error("%s: '%s' is not %s", option, value, allowed);
	return -EINVAL;
}

/* "--cou" in "--count" style abbreviations are not taken: scripts break. */
static const struct option *find_option(const struct option *options,
					const char *word)
{
	size_t length = strcspn(word, "=");

	for (; options->name != NULL; options++) {
		if (strlen(options->name) == length &&
		    strncmp(options->name, word, length) == 0)
			return options;
	}
	return NULL;
}

static int take_guest(struct ctl *ctl, const char *word,
		      enum ctl_guest_rule rule)
{
	if (rule == CTL_NO_GUEST || ctl->guest != NULL) {
		ctl_error("%s: '%s' is one argument too many; see contigctl %s "
			  "--help",
			  ctl->command, word, ctl->command);
		return -EINVAL;
	}
	if (!config_name_valid(word)) {
		ctl_error("guest '%s': no guest can have that name; use "
			  "letters, digits and . _ -",
			  word);
		return -EINVAL;
	}
	ctl->guest = word;
	return 0;
}

int ctl_options(struct ctl *ctl, int argc, char **argv,
		const struct option *options,
		int (*take)(void *userdata, int val, const char *value),
		void *userdata, enum ctl_guest_rule rule)
{
	const struct option *option;
	const char *value;
	int i;

	for (i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (word[0] != '-' || word[1] == '\0') {
			if (take_guest(ctl, word, rule) < 0)
				return 1 + EXIT_USAGE;
			continue;
		}
		if (strcmp(word, "--json") == 0) {
			ctl->json = true;
			continue;
		}
		if (strcmp(word, "--help") == 0) {
			printf("Usage: contigctl %s", ctl->usage);
			return 1 + EXIT_REACHED;
		}
		option = word[1] == '-' ? find_option(options, word + 2) : NULL;
		if (option == NULL && strcspn(word, "=") == 8 &&
		    strncmp(word, "--socket", 8) == 0) {
			ctl_error("--socket stands before the command: "
				  "contigctl --socket PATH %s ...",
				  ctl->command);
			return 1 + EXIT_USAGE;
		}
		if (option == NULL) {
			ctl_error("%s: unknown option %s; see contigctl %s "
				  "--help",
				  ctl->command, word, ctl->command);
			return 1 + EXIT_USAGE;
		}
		value = strchr(word, '=');
		if (value != NULL)
			value++;
		if (option->has_arg == no_argument && value != NULL) {
			ctl_error("--%s takes no value", option->name);
			return 1 + EXIT_USAGE;
		}
		if (option->has_arg == required_argument && value == NULL) {
			if (i + 1 == argc) {
				ctl_error("--%s needs a value; see contigctl "
					  "%s --help",
					  option->name, ctl->command);
				return 1 + EXIT_USAGE;
			}
			value = argv[++i];
		}
		if (take(userdata, option->val, value) < 0)
			return 1 + EXIT_USAGE;
	}
	if (rule == CTL_ONE_GUEST && ctl->guest == NULL) {
		ctl_error("%s: which guest? name one that 'contigctl list' "
			  "shows",
			  ctl->command);
		return 1 + EXIT_USAGE;
	}
	return 0;
}

void ctl_print_json(json_t *answer)
{
	json_dumpf(answer, stdout, JSON_INDENT(2));
	putchar('\n');
}

json_t *ctl_get(json_t *object, const char *path)
{
	char name[64];

	while (object != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		object = json_object_get(object, name);
		path += length;
		if (*path == '.')
			path++;
	}
	return object;
}

json_int_t ctl_get_integer(json_t *object, const char *path)
{
	return json_integer_value(ctl_get(object, path));
}

const char *ctl_get_string(json_t *object, const char *path)
{
	const char *text = json_string_value(ctl_get(object, path));

	return text != NULL ? text : "-";
}

/* Commands of later versions, so that nobody looks for a misspelling. */
static const char *const later_commands[] = { "reserve", "watch" };

static bool is_later(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(later_commands) / sizeof(later_commands[0]);
	     i++) {
		if (strcmp(later_commands[i], name) == 0)
			return true;
	}
	return false;
}

/* An answer that nobody got is no success. */
static int finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	ctl_error("standard output: %s; nobody has got the whole answer",
		  errno != 0 ? strerror(errno) : "a write has failed");
	return EXIT_FAILED;
}

static void print_usage(void)
{
	size_t i;

	puts("Usage: contigctl [--socket PATH] COMMAND [OPTION]...\n"
	     "Has contigd get huge pages behind the memory of guests.\n");
	for (i = 0; i < NR_COMMANDS; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "  --socket PATH  of contigd (default " CONFIG_DEFAULT_SOCKET ")\n"
	     "  --version      show the version\n"
	     "  --help         show this; after a command: its options\n"
	     "\n"
	     "Exit status: 0 goal reached, 1 failed, 2 usage, 3 reached in "
	     "part or not\n"
	     "at all and the answer says why, 4 contigd or the guest's agent "
	     "can't be\nreached.");
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.socket = CONFIG_DEFAULT_SOCKET,
		.limit_ns = CTL_LIMIT_NS,
	};
	size_t n;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			print_usage();
			return finish(EXIT_REACHED);
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("contigctl " CONTIG_VERSION);
			return finish(EXIT_REACHED);
		}
		if (strncmp(argv[i], "--socket=", 9) == 0) {
			ctl.socket = argv[i] + 9;
		} else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc) {
			ctl.socket = argv[++i];
		} else {
			ctl_error("unknown option %s, or its value is missing; "
				  "see contigctl --help",
				  argv[i]);
			return EXIT_USAGE;
		}
	}
	if (i == argc) {
		ctl_error("which command? see contigctl --help");
		return EXIT_USAGE;
	}
	for (n = 0; n < NR_COMMANDS; n++) {
		if (strcmp(commands[n]->name, argv[i]) == 0) {
			ctl.command = argv[i];
			return finish(
				commands[n]->run(&ctl, argc - i, argv + i));
		}
	}
	if (strcmp(argv[i], "help") == 0) {
		print_usage();
		return finish(EXIT_REACHED);
	}
	if (is_later(argv[i])) {
		ctl_error("%s: this version of contig can't do that yet; see "
			  "contigctl --help for what it can",
			  argv[i]);
		return EXIT_USAGE;
	}
	ctl_error("unknown command '%s'; see contigctl --help", argv[i]);
	return EXIT_USAGE;
}
