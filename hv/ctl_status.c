// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hv/ctl.h"
#include "hv/ctl_table.h"
#include "hv/units.h"

static const char usage[] =
	"status [GUEST] [--json]\n"
	"Shows free, clean, held and backed blocks of 2 MiB of one guest or of "
	"all,\nand the host's memory by node.\n";

static int take(void *userdata, int val, const char *value)
{
	(void)userdata;
	(void)val;
	(void)value;
	return -EINVAL;
}

static void set_number(char *text, size_t bytes, json_t *value)
{
	if (json_is_integer(value))
		snprintf(text, bytes, "%lld",
			 (long long)json_integer_value(value));
	else
		snprintf(text, bytes, "-");
}

static void print_guests(json_t *guests)
{
	static const char *const columns[] = {
		"GUEST", ">RAM",    ">FREE", ">CLEAN",
		">HELD", ">BACKED", "AGENT",
	};
	static const char *const keys[] = { "free", "clean", "held",
					    "backed" };
	struct ctl_table *table = ctl_table_new(columns, 7);
	json_t *guest;
	size_t i;
	size_t n;

	json_array_foreach(guests, i, guest) {
		char ram[UNITS_TEXT_BYTES];
		char numbers[4][32];
		const char *cells[] = {
			ctl_get_string(guest, "name"),
			ram,
			numbers[0],
			numbers[1],
			numbers[2],
			numbers[3],
			ctl_get_string(guest, "agent_error"),
		};

		if (strcmp(cells[6], "-") == 0)
			cells[6] = "answers";
		units_format_bytes(
			(uint64_t)ctl_get_integer(guest, "ram_bytes"), ram);
		for (n = 0; n < 4; n++)
			set_number(numbers[n], sizeof(numbers[n]),
				   ctl_get(guest, keys[n]));
		ctl_table_add(table, cells);
	}
	ctl_table_print(table);
}

/* Why nobody knows what is backed. */
static void print_host_errors(json_t *guests)
{
	json_t *guest;
	size_t i;

	json_array_foreach(guests, i, guest) {
		if (json_is_string(ctl_get(guest, "host_error")))
			printf("%s: can't look at QEMU's memory: %s\n",
			       ctl_get_string(guest, "name"),
			       ctl_get_string(guest, "host_error"));
	}
}

static void print_regions(json_t *guests)
{
	static const char *const columns[] = { "GUEST", ">ID", "GPA", ">SIZE",
					       "STATE" };
	struct ctl_table *table = NULL;
	json_t *guest;
	json_t *region;
	size_t i;
	size_t j;

	json_array_foreach(guests, i, guest) {
		json_array_foreach(ctl_get(guest, "regions"), j, region) {
			char id[32];
			char size[UNITS_TEXT_BYTES];
			const char *cells[] = {
				ctl_get_string(guest, "name"),
				id,
				ctl_get_string(region, "gpa"),
				size,
				json_is_true(ctl_get(region, "kept")) ?
					"held" :
					"in work",
			};

			set_number(id, sizeof(id), ctl_get(region, "id"));
			units_format_bytes(
				(uint64_t)ctl_get_integer(region, "size"),
				size);
			if (table == NULL)
				table = ctl_table_new(columns, 5);
			ctl_table_add(table, cells);
		}
	}
	if (table != NULL) {
		putchar('\n');
		ctl_table_print(table);
	}
}

static void print_host(json_t *nodes)
{
	static const char *const columns[] = { ">NODE", ">MEMORY", ">FREE",
					       "HUGE PAGES FREE/ALL" };
	struct ctl_table *table = ctl_table_new(columns, 4);
	json_t *node;
	json_t *pool;
	size_t i;
	size_t j;

	json_array_foreach(nodes, i, node) {
		char number[32];
		char total[UNITS_TEXT_BYTES];
		char free_text[UNITS_TEXT_BYTES];
		char pools[256] = "";
		const char *cells[] = { number, total, free_text, pools };

		set_number(number, sizeof(number), ctl_get(node, "node"));
		units_format_bytes(
			(uint64_t)ctl_get_integer(node, "total_bytes"), total);
		units_format_bytes(
			(uint64_t)ctl_get_integer(node, "free_bytes"),
			free_text);
		json_array_foreach(ctl_get(node, "hugepages"), j, pool) {
			size_t used = strlen(pools);
			char size[UNITS_TEXT_BYTES];

			units_format_bytes(
				(uint64_t)ctl_get_integer(pool, "size"), size);
			snprintf(pools + used, sizeof(pools) - used,
				 "%s%s: %lld/%lld", used > 0 ? ", " : "", size,
				 (long long)ctl_get_integer(pool, "free"),
				 (long long)ctl_get_integer(pool, "total"));
		}
		ctl_table_add(table, cells);
	}
	putchar('\n');
	ctl_table_print(table);
}

/* Asks for one guest and adds it to @all. Return: exit status. */
static int ask_one(struct ctl *ctl, const char *name, json_t *all)
{
	json_t *answer;
	int status;

	status = ctl_ask(ctl,
			 json_pack("{s:s, s:s}", "command", "status", "guest",
				   name),
			 false, &answer);
	if (answer == NULL)
		return status;
	json_array_extend(json_object_get(all, "guests"),
			  json_object_get(answer, "guests"));
	json_object_set(all, "host", json_object_get(answer, "host"));
	json_decref(answer);
	return status;
}

static int ask_all(struct ctl *ctl, json_t *all)
{
	json_t *answer;
	json_t *guest;
	size_t i;
	int worst;

	worst = ctl_ask(ctl, json_pack("{s:s}", "command", "list"), false,
			&answer);
	if (answer == NULL)
		return worst;
	json_object_set(all, "host", json_object_get(answer, "host"));
	/* A guest that is not there is said so, the others are shown. */
	json_array_foreach(json_object_get(answer, "guests"), i, guest) {
		int status = ask_one(ctl, ctl_get_string(guest, "name"), all);

		if (status > worst)
			worst = status;
	}
	json_decref(answer);
	return worst;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	json_t *all;
	json_t *guests;
	int status;

	ctl->usage = usage;
	status = ctl_options(ctl, argc, argv, none, take, NULL,
			     CTL_MAYBE_GUEST);
	if (status > 0)
		return status - 1;
	all = json_pack("{s:i, s:[], s:n}", "version", 1, "guests", "host");
	if (ctl->guest != NULL)
		status = ask_one(ctl, ctl->guest, all);
	else
		status = ask_all(ctl, all);
	guests = ctl_get(all, "guests");
	if (json_is_null(ctl_get(all, "host"))) {
		json_decref(all);
		return status;
	}
	if (ctl->json) {
		ctl_print_json(all);
	} else {
		print_guests(guests);
		print_host_errors(guests);
		print_regions(guests);
		print_host(ctl_get(all, "host.nodes"));
	}
	json_decref(all);
	return status;
}

const struct ctl_command ctl_status = {
	.name = "status",
	.summary = "free, clean, held and backed memory; the host's pools",
	.run = run,
};
