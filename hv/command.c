// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/command.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

static const char *const names[] = {
	[COMMAND_LIST] = "list",       [COMMAND_STATUS] = "status",
	[COMMAND_REQUEST] = "request", [COMMAND_RELEASE] = "release",
	[COMMAND_BACK] = "back",       [COMMAND_MAP] = "map",
	[COMMAND_CANCEL] = "cancel",
};

static const char *const into_names[] = {
	[COMMAND_INTO_FREE] = "free",
	[COMMAND_INTO_HOLD] = "hold",
};

static const char *const strategy_names[] = {
	[MESSAGE_STRATEGY_COST] = "cost",
	[MESSAGE_STRATEGY_FREELIST] = "freelist",
};

static_assert(sizeof(names) / sizeof(names[0]) == COMMAND_NR_KINDS,
	      "each command has a name");
static_assert(sizeof(into_names) / sizeof(into_names[0]) == COMMAND_NR_INTO,
	      "each destination has a name");

static int find_name(const char *const *list, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(list[i], name) == 0)
			return (int)i;
	}
	return -EINVAL;
}

bool command_acts(enum command_kind kind)
{
	return kind == COMMAND_REQUEST || kind == COMMAND_RELEASE ||
	       kind == COMMAND_BACK;
}

const char *command_name(enum command_kind kind)
{
	return names[kind];
}

const char *command_strategy_name(enum message_strategy strategy)
{
	return strategy_names[strategy];
}

int command_strategy_parse(const char *name,
			   enum message_strategy *ret_strategy)
{
	int i = find_name(strategy_names,
			  sizeof(strategy_names) / sizeof(strategy_names[0]),
			  name);

	if (i < 0)
		return i;
	*ret_strategy = (enum message_strategy)i;
	return 0;
}

const char *command_into_name(enum command_into into)
{
	return into_names[into];
}

int command_into_parse(const char *name, enum command_into *ret_into)
{
	int i = find_name(into_names, COMMAND_NR_INTO, name);

	if (i < 0)
		return i;
	*ret_into = (enum command_into)i;
	return 0;
}

/* Takes keys out of the object one after the other; what is left is unknown. */
struct reader {
	json_t *object;
	struct failure *failure;
	int error;
};

static void refuse(struct reader *reader, const char *key, const char *text)
{
	if (reader->error < 0)
		return;
	reader->error = -EINVAL;
	failure_set(reader->failure, EXIT_USAGE, "%s: %s", key, text);
}

/* An integer from @min to @max; @missing when the key is not there. */
static int64_t take_integer(struct reader *reader, const char *key,
			    int64_t min, int64_t max, int64_t missing)
{
	json_t *value = json_object_get(reader->object, key);
	json_int_t number;

	if (value == NULL) {
		if (missing >= min && missing <= max)
			return missing;
		refuse(reader, key, "is missing");
		return min;
	}
	number = json_integer_value(value);
	if (!json_is_integer(value) || number < min || number > max) {
		refuse(reader, key, "is not an integer within its bounds");
		number = min;
	}
	json_object_del(reader->object, key);
	return number;
}

static bool take_boolean(struct reader *reader, const char *key)
{
	json_t *value = json_object_get(reader->object, key);
	bool is_true = json_is_true(value);

	if (value != NULL && !json_is_boolean(value))
		refuse(reader, key, "is neither true nor false");
	json_object_del(reader->object, key);
	return is_true;
}

/* An index into @list; 0 when the key is not there and that is allowed. */
static int take_name(struct reader *reader, const char *key,
		     const char *const *list, size_t count, bool needed)
{
	json_t *value = json_object_get(reader->object, key);
	int i = 0;

	if (value == NULL) {
		if (needed)
			refuse(reader, key, "is missing");
		return 0;
	}
	if (json_is_string(value))
		i = find_name(list, count, json_string_value(value));
	if (!json_is_string(value) || i < 0) {
		refuse(reader, key, "has an unknown value");
		i = 0;
	}
	json_object_del(reader->object, key);
	return i;
}

static void take_guest(struct reader *reader, char *guest)
{
	json_t *value = json_object_get(reader->object, "guest");
	const char *name = json_string_value(value);

	guest[0] = '\0';
	if (name == NULL)
		refuse(reader, "guest", "is missing");
	else if (!config_name_valid(name))
		refuse(reader, "guest", "is no name of a guest");
	else
		strcpy(guest, name);
	json_object_del(reader->object, "guest");
}

static void take_ids(struct reader *reader, struct command *command)
{
	json_t *list = json_object_get(reader->object, "ids");
	json_t *value;
	size_t i;

	if (!json_is_array(list)) {
		refuse(reader, "ids", "is not a list");
		return;
	}
	if (json_array_size(list) > MESSAGE_MAX_IDS) {
		refuse(reader, "ids", "are too many; name at most 4096");
		return;
	}
	json_array_foreach(list, i, value) {
		json_int_t id = json_integer_value(value);

		if (!json_is_integer(value) || id <= 0) {
			refuse(reader, "ids", "are not all positive integers");
			break;
		}
		command->ids[command->nr_ids++] = (uint64_t)id;
	}
	json_object_del(reader->object, "ids");
}

static void take_request(struct reader *reader, struct command *command)
{
	uint64_t bytes;

	command->order = (uint8_t)take_integer(reader, "order",
					       MESSAGE_MIN_ORDER,
					       MESSAGE_MAX_ORDER, -1);
	command->count = (uint32_t)take_integer(reader, "count", 1,
						MESSAGE_MAX_COUNT, -1);
	command->nid = (int32_t)take_integer(reader, "node", MESSAGE_ANY_NODE,
					     MESSAGE_MAX_NODE,
					     MESSAGE_ANY_NODE);
	command->range_start.v = (uint64_t)take_integer(
		reader, "range_start", 0, INT64_C(1) << 52, 0);
	command->range_bytes = (uint64_t)take_integer(
		reader, "range_bytes", 0, INT64_C(1) << 52, 0);
	command->strategy = (enum message_strategy)take_name(
		reader, "strategy", strategy_names,
		sizeof(strategy_names) / sizeof(strategy_names[0]), false);
	command->sync = take_boolean(reader, "sync");
	command->reclaim = take_boolean(reader, "reclaim");
	command->max_moves = (uint64_t)take_integer(reader, "max_moves", 0,
						    INT64_MAX, 0);
	command->timeout_ns = (uint64_t)take_integer(
		reader, "timeout_ns", 1, (int64_t)COMMAND_MAX_TIMEOUT_NS,
		(int64_t)COMMAND_DEFAULT_TIMEOUT_NS);
	command->into = (enum command_into)take_name(
		reader, "into", into_names, COMMAND_NR_INTO, false);
	command->dry_run = take_boolean(reader, "dry_run");
	if (reader->error < 0)
		return;
	bytes = order_to_bytes(command->order);
	if (command->range_start.v % bytes != 0 ||
	    command->range_bytes % bytes != 0)
		refuse(reader, "range", "is not aligned to the size; let it "
					"begin and end at multiples of it");
	else if (command->range_start.v + command->range_bytes >
		 UINT64_C(1) << 52)
		refuse(reader, "range", "ends beyond any memory");
	else if (command->range_bytes != 0 &&
		 command->range_bytes / bytes < command->count)
		refuse(reader, "range", "is smaller than the regions asked "
					"for; ask for fewer");
	else if (command->range_bytes == 0 && command->range_start.v != 0)
		refuse(reader, "range", "is empty");
}

int command_parse(const char *text, size_t bytes, struct command *ret_command,
		  struct failure *ret_failure)
{
	struct reader reader = { .failure = ret_failure };
	json_error_t error;
	const char *left;

	memset(ret_command, 0, sizeof(*ret_command));
	reader.object = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(reader.object)) {
		json_decref(reader.object);
		failure_set(ret_failure, EXIT_USAGE,
			    "the request is no JSON object; use the contigctl "
			    "that belongs to this contigd");
		return -EINVAL;
	}
	ret_command->kind = (enum command_kind)take_name(
		&reader, "command", names, COMMAND_NR_KINDS, true);
	if (reader.error == 0 && ret_command->kind != COMMAND_LIST &&
	    ret_command->kind != COMMAND_CANCEL)
		take_guest(&reader, ret_command->guest);
	if (reader.error == 0 && ret_command->kind != COMMAND_CANCEL)
		ret_command->progress = take_boolean(&reader, "progress");
	if (reader.error == 0 && ret_command->kind == COMMAND_REQUEST)
		take_request(&reader, ret_command);
	if (reader.error == 0 && ret_command->kind == COMMAND_RELEASE)
		take_ids(&reader, ret_command);
	left = json_object_iter_key(json_object_iter(reader.object));
	if (reader.error == 0 && left != NULL)
		refuse(&reader, left, "is not known for this command");
	json_decref(reader.object);
	return reader.error;
}
