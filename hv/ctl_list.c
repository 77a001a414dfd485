// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "hv/ctl.h"
#include "hv/ctl_table.h"

static const char usage[] =
	"list [--json]\n"
	"Shows the guests that contigd knows, and whether their agent "
	"answers.\n";

/* What a person makes of a state of the session. */
static const char *agent_text(json_t *agent)
{
	static char text[300];

	if (json_is_null(agent))
		return "none configured";
	if (!json_is_true(ctl_get(agent, "answers")))
		return ctl_get_string(agent, "state");
	if (ctl_get_integer(agent, "kernel_api") == 0)
		snprintf(text, sizeof(text), "%s, kernel without coalesce",
			 ctl_get_string(agent, "version"));
	else
		snprintf(text, sizeof(text), "answers, version %s",
			 ctl_get_string(agent, "version"));
	return text;
}

static int take(void *userdata, int val, const char *value)
{
	(void)userdata;
	(void)val;
	(void)value;
	return -EINVAL;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static const struct option none[] = { { 0 } };
	static const char *const columns[] = { "GUEST", "QEMU", ">PID",
					       "AGENT" };
	struct ctl_table *table;
	json_t *answer;
	json_t *guest;
	size_t i;
	int status;

	ctl->usage = usage;
	status = ctl_options(ctl, argc, argv, none, take, NULL, CTL_NO_GUEST);
	if (status > 0)
		return status - 1;
	status = ctl_ask(ctl, json_pack("{s:s}", "command", "list"), false,
			 &answer);
	if (answer == NULL)
		return status;
	if (ctl->json) {
		ctl_print_json(answer);
		json_decref(answer);
		return status;
	}
	table = ctl_table_new(columns, 4);
	json_array_foreach(ctl_get(answer, "guests"), i, guest) {
		json_int_t pid_number = ctl_get_integer(guest, "qemu.pid");
		char pid[32];
		const char *cells[] = {
			ctl_get_string(guest, "name"),
			ctl_get_string(guest, "qemu.state"),
			pid,
			agent_text(ctl_get(guest, "agent")),
		};

		snprintf(pid, sizeof(pid), "%lld", (long long)pid_number);
		if (pid_number == 0)
			snprintf(pid, sizeof(pid), "-");
		ctl_table_add(table, cells);
	}
	ctl_table_print(table);
	json_decref(answer);
	return status;
}

const struct ctl_command ctl_list = {
	.name = "list",
	.summary = "the guests and whether their agent answers",
	.run = run,
};
