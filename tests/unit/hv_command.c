// SPDX-License-Identifier: GPL-2.0-or-later
/* What clients may ask, and what of it is refused. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/command.h"
#include "hv/qmp_line.h"
#include "tests/unit/hv_test.h"

static struct command command;
static struct failure failure;

static int parse(const char *text)
{
	return command_parse(text, strlen(text), &command, &failure);
}

static void refused(const char *text, const char *expected)
{
	assert_int_equal(parse(text), -EINVAL);
	assert_int_equal(failure.exit, EXIT_USAGE);
	if (strstr(failure.text, expected) == NULL)
		fail_msg("'%s' does not say '%s'", failure.text, expected);
}

static void a_request_has_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"command\": \"request\", \"guest\": \"a\", "
			       "\"order\": 9, \"count\": 64}"),
			 0);
	assert_int_equal(command.kind, COMMAND_REQUEST);
	assert_string_equal(command.guest, "a");
	assert_int_equal(command.order, 9);
	assert_int_equal(command.count, 64);
	assert_int_equal(command.nid, MESSAGE_ANY_NODE);
	assert_int_equal(command.range_bytes, 0);
	assert_int_equal(command.strategy, MESSAGE_STRATEGY_COST);
	assert_int_equal(command.into, COMMAND_INTO_FREE);
	assert_int_equal(command.timeout_ns, COMMAND_DEFAULT_TIMEOUT_NS);
	assert_false(command.sync || command.dry_run || command.progress);
	assert_false(command.reclaim);
}

static void a_request_says_all(void **state)
{
	(void)state;
	assert_int_equal(
		parse("{\"command\": \"request\", \"guest\": \"a\", \"order\": "
		      "10, \"count\": 2, \"node\": 1, \"range_start\": "
		      "4194304, \"range_bytes\": 8388608, \"strategy\": "
		      "\"freelist\", \"sync\": true, \"reclaim\": true, "
		      "\"max_moves\": 5, "
		      "\"timeout_ns\": 7, \"into\": \"hold\", \"dry_run\": "
		      "true, \"progress\": true}"),
		0);
	assert_int_equal(command.nid, 1);
	assert_int_equal(command.range_start.v, 4194304);
	assert_int_equal(command.range_bytes, 8388608);
	assert_int_equal(command.strategy, MESSAGE_STRATEGY_FREELIST);
	assert_int_equal(command.into, COMMAND_INTO_HOLD);
	assert_int_equal(command.max_moves, 5);
	assert_int_equal(command.timeout_ns, 7);
	assert_true(command.sync && command.dry_run && command.progress);
	assert_true(command.reclaim);
}

#define REQUEST "{\"command\":\"request\",\"guest\":\"a\",\"order\":9,"

static void bounds_are_kept(void **state)
{
	(void)state;
	refused("", "no JSON object");
	refused("[]", "no JSON object");
	refused("{", "no JSON object");
	refused("{\"a\":1,\"a\":1}", "no JSON object");
	refused("{}", "command: is missing");
	refused("{\"command\":\"dance\"}", "command: has an unknown value");
	refused("{\"command\":7}", "command: has an unknown value");
	refused("{\"command\":\"back\"}", "guest: is missing");
	refused("{\"command\":\"back\",\"guest\":\"../a\"}",
		"guest: is no name");
	refused("{\"command\":\"back\",\"guest\":\"a\",\"x\":1}",
		"x: is not known");
	refused("{\"command\":\"list\",\"guest\":\"a\"}",
		"guest: is not known");
	refused("{\"command\":\"back\",\"guest\":\"a\",\"progress\":1}",
		"progress");
	refused("{\"command\":\"request\",\"guest\":\"a\",\"count\":1}",
		"order");
	refused(REQUEST "\"count\":0}", "count");
	refused(REQUEST "\"count\":65537}", "count");
	refused(REQUEST "\"count\":\"1\"}", "count");
	refused(REQUEST "\"count\":1.5}", "count");
	refused(REQUEST "\"count\":1,\"node\":-2}", "node");
	refused(REQUEST "\"count\":1,\"node\":1024}", "node");
	refused(REQUEST "\"count\":1,\"timeout_ns\":0}", "timeout_ns");
	refused(REQUEST "\"count\":1,\"max_moves\":-1}", "max_moves");
	refused(REQUEST "\"count\":1,\"reclaim\":1}", "reclaim");
	refused(REQUEST "\"count\":1,\"strategy\":\"luck\"}", "strategy");
	refused(REQUEST "\"count\":1,\"into\":\"hugetlb\"}", "into");
	refused(REQUEST "\"count\":1,\"range_start\":4096,"
			"\"range_bytes\":2097152}",
		"range: is not aligned");
	refused("{\"command\":\"request\",\"guest\":\"a\",\"order\":8,"
		"\"count\":1}",
		"order");
	refused("{\"command\":\"request\",\"guest\":\"a\",\"order\":19,"
		"\"count\":1}",
		"order");
	refused("{\"command\":\"request\",\"guest\":\"a\",\"order\":10,"
		"\"count\":1,\"range_start\":2097152,"
		"\"range_bytes\":4194304}",
		"range: is not aligned");
	refused("{\"command\":\"request\",\"guest\":\"a\",\"order\":18,"
		"\"count\":2,\"range_bytes\":1073741824}",
		"range: is smaller");
	refused(REQUEST "\"count\":1,\"range_start\":2097152}",
		"range: is empty");
	refused(REQUEST "\"count\":2,\"range_bytes\":2097152}",
		"range: is smaller");
	refused(REQUEST "\"count\":1,\"range_start\":4503599627370496,"
			"\"range_bytes\":2097152}",
		"range: ends beyond");
}

static void releases_name_ids(void **state)
{
	char *text;
	size_t at;
	int i;

	(void)state;
	assert_int_equal(parse("{\"command\":\"release\",\"guest\":\"a\","
			       "\"ids\":[3,1]}"),
			 0);
	assert_int_equal(command.nr_ids, 2);
	assert_int_equal(command.ids[0], 3);
	assert_int_equal(parse("{\"command\":\"release\",\"guest\":\"a\","
			       "\"ids\":[]}"),
			 0);
	assert_int_equal(command.nr_ids, 0);
	refused("{\"command\":\"release\",\"guest\":\"a\"}", "ids");
	refused("{\"command\":\"release\",\"guest\":\"a\",\"ids\":[0]}", "ids");
	refused("{\"command\":\"release\",\"guest\":\"a\",\"ids\":[\"1\"]}",
		"ids");
	text = malloc(65536);
	assert_non_null(text);
	at = (size_t)sprintf(text, "{\"command\":\"release\",\"guest\":\"a\","
				   "\"ids\":[1");
	for (i = 0; i < MESSAGE_MAX_IDS; i++)
		at += (size_t)sprintf(text + at, ",1");
	strcpy(text + at, "]}");
	refused(text, "too many");
	free(text);
}

static void names_go_both_ways(void **state)
{
	enum message_strategy strategy;
	enum command_into into;

	(void)state;
	assert_int_equal(command_strategy_parse("freelist", &strategy), 0);
	assert_string_equal(command_strategy_name(strategy), "freelist");
	assert_int_equal(command_into_parse("hold", &into), 0);
	assert_string_equal(command_into_name(into), "hold");
	assert_int_equal(command_into_parse("lend", &into), -EINVAL);
	assert_string_equal(command_name(COMMAND_CANCEL), "cancel");
	assert_true(command_acts(COMMAND_BACK));
	assert_false(command_acts(COMMAND_MAP));
}

static enum qmp_line_kind kind_of(const char *text, uint64_t *ret_id)
{
	struct qmp_line line;

	assert_int_equal(qmp_line_parse(text, strlen(text), &line), 0);
	*ret_id = line.id;
	json_decref(line.document);
	return line.kind;
}

static void lines_of_the_monitor_are_told_apart(void **state)
{
	struct qmp_line line;
	uint64_t id;

	(void)state;
	assert_int_equal(kind_of("{\"QMP\": {\"version\": {}}}", &id),
			 QMP_LINE_GREETING);
	assert_int_equal(kind_of("{\"return\": {}, \"id\": 7}", &id),
			 QMP_LINE_RETURN);
	assert_int_equal(id, 7);
	assert_int_equal(kind_of("{\"error\": {}, \"id\": 8}", &id),
			 QMP_LINE_ERROR);
	assert_int_equal(kind_of("{\"event\": \"STOP\"}", &id),
			 QMP_LINE_OTHER);
	assert_int_equal(id, 0);
	assert_int_equal(kind_of("{\"return\": 1, \"id\": \"7\"}", &id),
			 QMP_LINE_RETURN);
	assert_int_equal(id, 0);
	assert_int_equal(kind_of("{\"return\": 1, \"id\": -7}", &id),
			 QMP_LINE_RETURN);
	assert_int_equal(id, 0);
	assert_int_equal(qmp_line_parse("{", 1, &line), -EBADMSG);
	assert_int_equal(qmp_line_parse("[]", 2, &line), -EBADMSG);
	assert_int_equal(qmp_line_parse("", 0, &line), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_has_defaults),
		TEST(a_request_says_all),
		TEST(bounds_are_kept),
		TEST(releases_name_ids),
		TEST(names_go_both_ways),
		TEST(lines_of_the_monitor_are_told_apart),
	};

	return RUN(tests);
}
