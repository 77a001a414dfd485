// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "hv/ctl.h"
#include "hv/ctl_shortfall.h"
#include "hv/units.h"

static const char usage[] =
	"back GUEST [--json]\n"
	"Puts huge pages behind the memory that the guest uses now, from the "
	"host's side\nalone; no agent is needed.\n";

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
	char before[UNITS_TEXT_BYTES];
	char after[UNITS_TEXT_BYTES];
	char used[UNITS_TEXT_BYTES];
	json_t *answer;
	int status;

	ctl->usage = usage;
	ctl->limit_ns = CTL_LIMIT_LONG_NS;
	status = ctl_options(ctl, argc, argv, none, take, NULL,
			     CTL_ONE_GUEST);
	if (status > 0)
		return status - 1;
	status = ctl_ask(ctl,
			 json_pack("{s:s, s:s}", "command", "back", "guest",
				   ctl->guest),
			 true, &answer);
	if (answer == NULL)
		return status;
	if (ctl->json) {
		ctl_print_json(answer);
	} else {
		printf("%s: %s of %s in use is backed by huge pages, it was %s "
		       "(seen by %s)\n",
		       ctl_get_string(answer, "guest"),
		       units_format_bytes((uint64_t)ctl_get_integer(
						  answer, "huge_bytes_after"),
					  after),
		       units_format_bytes((uint64_t)ctl_get_integer(
						  answer, "used_bytes"),
					  used),
		       units_format_bytes((uint64_t)ctl_get_integer(
						  answer, "huge_bytes_before"),
					  before),
		       ctl_get_string(answer, "evidence"));
		ctl_shortfall_print(ctl_get(answer, "shortfall"));
	}
	json_decref(answer);
	return status;
}

const struct ctl_command ctl_back = {
	.name = "back",
	.summary = "huge pages behind what a guest uses, agent or not",
	.run = run,
};
