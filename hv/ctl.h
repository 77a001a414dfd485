/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contigctl: what its commands share. Each command is a file ctl_NAME.c. */
#ifndef CONTIG_HV_CTL_H
#define CONTIG_HV_CTL_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

#include "hv/clock.h"
#include "hv/failure.h"

struct ctl {
	const char *socket;
	/* The command being run. */
	const char *command;
	const char *usage;
	bool json;
	const char *guest; /* NULL: none was named */
	/* How long an answer may take; contigd has limits that are shorter. */
	uint64_t limit_ns;
};

struct ctl_command {
	const char *name;
	const char *summary;
	/* Return: exit status. */
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/*
 * A contigd that hangs is told from one that works by time alone: more than a
 * minute for the agent, some seconds for QEMU, and as much for who is before.
 */
#define CTL_LIMIT_NS (300 * NS_PER_S)
/* For memory of any size. */
#define CTL_LIMIT_LONG_NS (86400 * NS_PER_S)

extern const struct ctl_command ctl_list;
extern const struct ctl_command ctl_status;
extern const struct ctl_command ctl_request;
extern const struct ctl_command ctl_release;
extern const struct ctl_command ctl_back;
extern const struct ctl_command ctl_map;

/* One line on standard error, with the program's name. */
void ctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum ctl_guest_rule {
	CTL_NO_GUEST,
	CTL_MAYBE_GUEST,
	CTL_ONE_GUEST,
};

/**
 * ctl_options() - go through a command's options and its GUEST
 * @options: long options; --json and --help are added. At most 20.
 * @take: called for each of @options with its val and value. Return: 0, or
 *	-EINVAL after ctl_error().
 *
 * Return: 0 to go on, or 1 + an exit status.
 */
int ctl_options(struct ctl *ctl, int argc, char **argv,
		const struct option *options,
		int (*take)(void *userdata, int val, const char *value),
		void *userdata, enum ctl_guest_rule rule);

/* For take(): says that @value is wrong for @option. Return: -EINVAL. */
int ctl_bad_value(const char *option, const char *value, const char *allowed);

/**
 * ctl_ask() - have contigd do something and wait for its answer
 * @command: taken over.
 * @interrupts: SIGINT stops the work in contigd, and in the guest.
 * @ret_answer: a new reference, or NULL; then the error was printed.
 *
 * Return: exit status.
 */
int ctl_ask(const struct ctl *ctl, json_t *command, bool interrupts,
	    json_t **ret_answer);

/* Prints an answer as JSON. */
void ctl_print_json(json_t *answer);

/* Integers and strings at a path like "work.moves_done"; 0 and "-" if none. */
json_int_t ctl_get_integer(json_t *object, const char *path);
const char *ctl_get_string(json_t *object, const char *path);
json_t *ctl_get(json_t *object, const char *path);

#endif
