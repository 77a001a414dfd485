// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hv/command.h"
#include "hv/ctl.h"
#include "hv/units.h"

static const char usage[] =
	"release GUEST --all | --id ID[,ID...]... [--json]\n"
	"Gives held regions back to the guest. 'contigctl status GUEST' shows "
	"their ids.\n";

enum {
	OPTION_ALL = 1,
	OPTION_ID,
};

static const struct option options[] = {
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "id", required_argument, NULL, OPTION_ID },
	{ 0 },
};

struct release {
	bool all;
	json_t *ids;
};

static int take_ids(struct release *release, const char *value)
{
	char text[32];
	uint64_t id;
	size_t length;

	for (;;) {
		length = strcspn(value, ",");
		if (length >= sizeof(text))
			return ctl_bad_value("--id", value, "a region's id");
		memcpy(text, value, length);
		text[length] = '\0';
		if (units_parse_u64(text, INT64_MAX, &id) < 0 || id == 0)
			return ctl_bad_value("--id", text, "a region's id");
		if (json_array_size(release->ids) == MESSAGE_MAX_IDS) {
			ctl_error("--id: more than %d ids; use --all or "
				  "several commands",
				  MESSAGE_MAX_IDS);
			return -EINVAL;
		}
		json_array_append_new(release->ids,
				      json_integer((json_int_t)id));
		if (value[length] == '\0')
			return 0;
		value += length + 1;
	}
}

static int take(void *userdata, int val, const char *value)
{
	struct release *release = userdata;

	if (val == OPTION_ID)
		return take_ids(release, value);
	release->all = true;
	return 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct release release = { .ids = json_array() };
	json_t *answer = NULL;
	int status;

	ctl->usage = usage;
	status = ctl_options(ctl, argc, argv, options, take, &release,
			     CTL_ONE_GUEST);
	if (status > 0) {
		json_decref(release.ids);
		return status - 1;
	}
	if (release.all == (json_array_size(release.ids) > 0)) {
		ctl_error("release: give either --all or --id ID");
		json_decref(release.ids);
		return EXIT_USAGE;
	}
	status = ctl_ask(ctl,
			 json_pack("{s:s, s:s, s:o}", "command", "release",
				   "guest", ctl->guest, "ids", release.ids),
			 false, &answer);
	if (answer == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(answer);
	else
		printf("%s: %lld regions released\n",
		       ctl_get_string(answer, "guest"),
		       (long long)ctl_get_integer(answer, "released"));
	if (status == EXIT_PARTLY)
		ctl_error("guest %s: not all of these ids are held",
			  ctl->guest);
	json_decref(answer);
	return status;
}

const struct ctl_command ctl_release = {
	.name = "release",
	.summary = "give held regions back to the guest",
	.run = run,
};
