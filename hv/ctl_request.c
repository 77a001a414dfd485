// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hv/clock.h"
#include "hv/command.h"
#include "hv/ctl.h"
#include "hv/ctl_shortfall.h"
#include "hv/units.h"

static const char usage[] =
	"request GUEST --size 2M --count N [OPTION]...\n"
	"Has the guest make regions, puts huge pages behind them and looks "
	"whether\nthey are there.\n"
	"\n"
	"  --size SIZE          of a region: 2M, 4M ... 1G (what the guest's "
	"kernel can)\n"
	"  --count N            how many, 1 to 65536\n"
	"  --range GPA-GPA      only there; the second is where it ends\n"
	"  --node N             only on this node of the guest\n"
	"  --strategy NAME      cost (default) or freelist\n"
	"  --sync               wait for locked pages and for writeback "
	"(cost only)\n"
	"  --reclaim            let the guest drop clean page cache of what is "
	"emptied,\n"
	"                       where there is no room to move it to (cost "
	"only)\n"
	"  --max-moves N        move at most so many pages\n"
	"  --timeout S          seconds that all of it may take (default 60)\n"
	"  --into free|hold     what becomes of the regions in the guest "
	"(default free)\n"
	"  --dry-run            only say what would be done\n"
	"  --json               the answer as JSON\n"
	"\n"
	"Ctrl-C stops it in the guest, too, and gives back what was made.\n";

enum {
	OPTION_SIZE = 1,
	OPTION_COUNT,
	OPTION_RANGE,
	OPTION_NODE,
	OPTION_STRATEGY,
	OPTION_SYNC,
	OPTION_RECLAIM,
	OPTION_MAX_MOVES,
	OPTION_TIMEOUT,
	OPTION_INTO,
	OPTION_DRY_RUN,
	OPTION_PROMOTE,
};

static const struct option options[] = {
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "range", required_argument, NULL, OPTION_RANGE },
	{ "node", required_argument, NULL, OPTION_NODE },
	{ "strategy", required_argument, NULL, OPTION_STRATEGY },
	{ "sync", no_argument, NULL, OPTION_SYNC },
	{ "reclaim", no_argument, NULL, OPTION_RECLAIM },
	{ "max-moves", required_argument, NULL, OPTION_MAX_MOVES },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "into", required_argument, NULL, OPTION_INTO },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "promote", no_argument, NULL, OPTION_PROMOTE },
	{ 0 },
};

static int later(const char *option)
{
	ctl_error("%s: this version of contig can't do that yet; leave it out",
		  option);
	return -EINVAL;
}

static int take_into(struct command *command, const char *value)
{
	if (strcmp(value, "hugetlb") == 0)
		return later("--into hugetlb");
	if (command_into_parse(value, &command->into) < 0)
		return ctl_bad_value("--into", value, "free or hold");
	return 0;
}

static int take_number(const char *option, const char *value, uint64_t min,
		       uint64_t max, uint64_t *ret)
{
	char allowed[80];

	if (units_parse_u64(value, max, ret) == 0 && *ret >= min)
		return 0;
	snprintf(allowed, sizeof(allowed), "a number from %ju to %ju",
		 (uintmax_t)min, (uintmax_t)max);
	return ctl_bad_value(option, value, allowed);
}

static int take(void *userdata, int val, const char *value)
{
	struct command *command = userdata;
	uint64_t number;

	switch (val) {
	case OPTION_SIZE:
		if (units_parse_order(value, &command->order) < 0)
			return ctl_bad_value("--size", value,
					     "a power of two from 2M to 1G");
		return 0;
	case OPTION_COUNT:
		if (take_number("--count", value, 1, MESSAGE_MAX_COUNT,
				&number) < 0)
			return -EINVAL;
		command->count = (uint32_t)number;
		return 0;
	case OPTION_RANGE:
		if (units_parse_range(value, &command->range_start,
				      &command->range_bytes) < 0)
			return ctl_bad_value("--range", value,
					     "two guest addresses GPA-GPA, "
					     "the second the larger one");
		return 0;
	case OPTION_NODE:
		if (take_number("--node", value, 0, MESSAGE_MAX_NODE,
				&number) < 0)
			return -EINVAL;
		command->nid = (int32_t)number;
		return 0;
	case OPTION_STRATEGY:
		if (command_strategy_parse(value, &command->strategy) < 0)
			return ctl_bad_value("--strategy", value,
					     "cost or freelist");
		return 0;
	case OPTION_SYNC:
		command->sync = true;
		return 0;
	case OPTION_RECLAIM:
		command->reclaim = true;
		return 0;
	case OPTION_MAX_MOVES:
		return take_number("--max-moves", value, 1, INT64_MAX,
				   &command->max_moves);
	case OPTION_TIMEOUT:
		if (take_number("--timeout", value, 1,
				COMMAND_MAX_TIMEOUT_NS / NS_PER_S,
				&number) < 0)
			return -EINVAL;
		command->timeout_ns = number * NS_PER_S;
		return 0;
	case OPTION_INTO:
		return take_into(command, value);
	case OPTION_DRY_RUN:
		command->dry_run = true;
		return 0;
	default:
		return later("--promote");
	}
}

static json_t *to_json(const struct ctl *ctl, const struct command *command)
{
	return json_pack(
		"{s:s, s:s, s:i, s:I, s:i, s:I, s:I, s:s, s:b, s:b, s:I, s:I, "
		"s:s, s:b}",
		"command", "request", "guest", ctl->guest, "order",
		(int)command->order, "count", (json_int_t)command->count,
		"node", (int)command->nid, "range_start",
		(json_int_t)command->range_start.v, "range_bytes",
		(json_int_t)command->range_bytes, "strategy",
		command_strategy_name(command->strategy), "sync", command->sync,
		"reclaim", command->reclaim, "max_moves",
		(json_int_t)command->max_moves, "timeout_ns",
		(json_int_t)command->timeout_ns, "into",
		command_into_name(command->into), "dry_run", command->dry_run);
}

static void print_kvm(json_t *kvm)
{
	if (!json_is_object(kvm))
		return;
	printf("  KVM maps       %lld of 4 KiB, %lld of 2 MiB, %lld of 1 GiB\n",
	       (long long)ctl_get_integer(kvm, "pages_4k"),
	       (long long)ctl_get_integer(kvm, "pages_2m"),
	       (long long)ctl_get_integer(kvm, "pages_1g"));
}

static void print_answer(json_t *answer)
{
	bool dry_run = json_is_true(ctl_get(answer, "dry_run"));
	char size[UNITS_TEXT_BYTES];
	char copied[UNITS_TEXT_BYTES];

	units_format_bytes((uint64_t)ctl_get_integer(answer, "size"), size);
	units_format_bytes(
		(uint64_t)ctl_get_integer(answer, "work.bytes_copied"), copied);
	if (dry_run) {
		printf("%s: %lld of %lld regions of %s could be made, moving "
		       "about %lld pages\n",
		       ctl_get_string(answer, "guest"),
		       (long long)ctl_get_integer(answer, "made"),
		       (long long)ctl_get_integer(answer, "requested"), size,
		       (long long)ctl_get_integer(answer, "work.moves_tried"));
		ctl_shortfall_print(ctl_get(answer, "shortfall"));
		return;
	}
	printf("%s: %lld of %lld regions of %s made, %lld backed by huge pages "
	       "(seen by %s)\n",
	       ctl_get_string(answer, "guest"),
	       (long long)ctl_get_integer(answer, "made"),
	       (long long)ctl_get_integer(answer, "requested"), size,
	       (long long)ctl_get_integer(answer, "backed"),
	       ctl_get_string(answer, "evidence"));
	printf("  pages moved    %lld of %lld tried, %s copied\n",
	       (long long)ctl_get_integer(answer, "work.moves_done"),
	       (long long)ctl_get_integer(answer, "work.moves_tried"), copied);
	if (ctl_get_integer(answer, "work.pages_reclaimed") > 0)
		printf("  page cache     %lld clean pages dropped\n",
		       (long long)ctl_get_integer(answer,
						  "work.pages_reclaimed"));
	printf("  time           %.3f s in the guest, %.3f s on the host, %.3f "
	       "s in all\n",
	       (double)ctl_get_integer(answer, "work.guest_ns") / 1e9,
	       (double)ctl_get_integer(answer, "work.host_ns") / 1e9,
	       (double)ctl_get_integer(answer, "elapsed_ns") / 1e9);
	print_kvm(ctl_get(answer, "kvm"));
	ctl_shortfall_print(ctl_get(answer, "shortfall"));
}

static int check(const struct command *command, const char *guest)
{
	uint64_t bytes;

	if (command->order == 0 || command->count == 0) {
		ctl_error("request: --%s is missing; see contigctl request "
			  "--help",
			  command->order == 0 ? "size" : "count");
		return -EINVAL;
	}
	/* Each is below 2^64, but not their sum. */
	if (command->range_start.v > UINT64_C(1) << 52 ||
	    command->range_bytes > (UINT64_C(1) << 52) -
					   command->range_start.v) {
		ctl_error("--range: ends beyond any memory, which is below "
			  "4096T; 'contigctl map %s' shows where the guest's "
			  "is",
			  guest);
		return -EINVAL;
	}
	bytes = order_to_bytes(command->order);
	if (command->range_bytes != 0 &&
	    (command->range_start.v % bytes != 0 ||
	     command->range_bytes % bytes != 0)) {
		ctl_error("--range: 0x%jx-0x%jx is not aligned to --size; let "
			  "it begin and end at multiples of it",
			  (uintmax_t)command->range_start.v,
			  (uintmax_t)(command->range_start.v +
				      command->range_bytes));
		return -EINVAL;
	}
	if (command->range_bytes != 0 &&
	    command->range_bytes / bytes < command->count) {
		ctl_error("--range: has room for %ju regions, not for %ju; ask "
			  "for fewer",
			  (uintmax_t)(command->range_bytes / bytes),
			  (uintmax_t)command->count);
		return -EINVAL;
	}
	return 0;
}

/* Touching and holding what was made comes on top of its own time. */
static uint64_t limit_ns(const struct command *command)
{
	uint64_t huge_ranges = (uint64_t)command->count
			       << (command->order - HUGE_ORDER);
	uint64_t limit =
		(1 + (huge_ranges - 1) / MESSAGE_MAX_COUNT) * 4 * CTL_LIMIT_NS;

	if (limit > CTL_LIMIT_LONG_NS)
		limit = CTL_LIMIT_LONG_NS;
	return command->timeout_ns + limit;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct command command = {
		.nid = MESSAGE_ANY_NODE,
		.timeout_ns = COMMAND_DEFAULT_TIMEOUT_NS,
	};
	json_t *answer;
	int status;

	ctl->usage = usage;
	status = ctl_options(ctl, argc, argv, options, take, &command,
			     CTL_ONE_GUEST);
	if (status > 0)
		return status - 1;
	if (check(&command, ctl->guest) < 0)
		return EXIT_USAGE;
	ctl->limit_ns = limit_ns(&command);
	status = ctl_ask(ctl, to_json(ctl, &command), true, &answer);
	if (answer == NULL)
		return status;
	if (ctl->json)
		ctl_print_json(answer);
	else
		print_answer(answer);
	if (json_is_true(ctl_get(answer, "cancelled")))
		ctl_error("guest %s: interrupted; what was made was given back",
			  ctl->guest);
	json_decref(answer);
	return status;
}

const struct ctl_command ctl_request = {
	.name = "request",
	.summary = "make regions, back them, verify",
	.run = run,
};
