// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hv/units.h"

struct reader {
	struct config *config;
	FILE *file;
	const char *name;
	int line; /* of the line being read, which inih does not tell */
	bool whole; /* the line before ended in a newline */
	struct failure *failure;
	bool failed;
	unsigned int seen_contigd; /* bit mask of contigd_keys */
	unsigned int seen_guest; /* likewise, of the current section */
};

static const char *const contigd_keys[] = { "socket", "group", "evidence",
					    "max_clients" };
static const char *const guest_keys[] = { "qmp", "agent" };

static int find_key(const char *const *keys, size_t count, const char *key)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(keys[i], key) == 0)
			return (int)i;
	}
	return -1;
}

/* Return: 0, what inih takes for an error. */
static int reader_fail(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int reader_fail(struct reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	failure_vset(reader->failure, EXIT_FAILED, format, args);
	va_end(args);
	reader->failed = true;
	return 0;
}

bool config_name_valid(const char *name)
{
	size_t length = strlen(name);
	size_t i;

	if (length == 0 || length >= CONFIG_MAX_NAME_BYTES)
		return false;
	if (!isalnum((unsigned char)name[0]))
		return false;
	for (i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) &&
		    strchr("._-", name[i]) == NULL)
			return false;
	}
	return true;
}

static int copy_path(struct reader *reader, const char *key, const char *value,
		     char *path)
{
	if (value[0] != '/')
		return reader_fail(reader,
				   "%s:%d: %s: '%s' is not an absolute path; "
				   "give one that begins with /",
				   reader->name, reader->line, key, value);
	if (strlen(value) >= CONFIG_PATH_BYTES)
		return reader_fail(reader,
				   "%s:%d: %s: the path is too long for a "
				   "socket; use at most %zu bytes",
				   reader->name, reader->line, key,
				   CONFIG_PATH_BYTES - 1);
	strcpy(path, value);
	return 1;
}

static int twice(struct reader *reader, const char *key)
{
	return reader_fail(reader,
			   "%s:%d: %s is given twice; remove one of them",
			   reader->name, reader->line, key);
}

static int take_contigd(struct reader *reader, const char *key,
			const char *value)
{
	struct config *config = reader->config;
	uint64_t number;
	int i;

	i = find_key(contigd_keys,
		     sizeof(contigd_keys) / sizeof(contigd_keys[0]), key);
	if (i < 0)
		return reader_fail(reader,
				   "%s:%d: unknown key '%s' in [contigd]; "
				   "allowed are socket, group, evidence, "
				   "max_clients",
				   reader->name, reader->line, key);
	if (reader->seen_contigd & (1u << i))
		return twice(reader, key);
	reader->seen_contigd |= 1u << i;
	switch (i) {
	case 0:
		return copy_path(reader, key, value, config->socket);
	case 1:
		if (value[0] == '\0' || strlen(value) >= sizeof(config->group))
			return reader_fail(reader,
					   "%s:%d: group: '%s' is no name of "
					   "a group",
					   reader->name, reader->line, value);
		strcpy(config->group, value);
		return 1;
	case 2:
		if (evidence_method_parse(value, &config->evidence) < 0)
			return reader_fail(reader,
					   "%s:%d: evidence: unknown method "
					   "'%s'; allowed are auto, "
					   "pagemap_scan, smaps",
					   reader->name, reader->line, value);
		return 1;
	default:
		if (units_parse_u64(value, 1024, &number) < 0 || number == 0)
			return reader_fail(reader,
					   "%s:%d: max_clients: '%s' is not a "
					   "number from 1 to 1024",
					   reader->name, reader->line, value);
		config->max_clients = (uint32_t)number;
		return 1;
	}
}

/* Two guests behind one socket would each take the other's answers. */
static const struct config_guest *find_path(const struct config *config,
					    const char *path)
{
	unsigned int i;

	for (i = 0; i < config->nr_guests; i++) {
		const struct config_guest *guest = &config->guests[i];

		if (strcmp(guest->qmp, path) == 0 ||
		    strcmp(guest->agent, path) == 0)
			return guest;
	}
	return NULL;
}

static int take_guest(struct reader *reader, const char *key,
		      const char *value)
{
	struct config *config = reader->config;
	const struct config_guest *other;
	struct config_guest *guest;
	int i;

	if (config->nr_guests == 0)
		return reader_fail(reader, "%s:%d: stands in no section",
				   reader->name, reader->line);
	guest = &config->guests[config->nr_guests - 1];

	i = find_key(guest_keys, sizeof(guest_keys) / sizeof(guest_keys[0]),
		     key);
	if (i < 0)
		return reader_fail(reader,
				   "%s:%d: unknown key '%s' in [guest %s]; "
				   "allowed are qmp, agent",
				   reader->name, reader->line, key,
				   guest->name);
	if (reader->seen_guest & (1u << i))
		return twice(reader, key);
	reader->seen_guest |= 1u << i;
	other = find_path(config, value);
	if (value[0] != '\0' && other != NULL)
		return reader_fail(reader,
				   "%s:%d: %s: guest '%s' in line %d has that "
				   "socket already; give each its own",
				   reader->name, reader->line, key, other->name,
				   other->line);
	return copy_path(reader, key, value,
			 i == 0 ? guest->qmp : guest->agent);
}

static int begin_guest(struct reader *reader, const char *name)
{
	struct config *config = reader->config;
	struct config_guest *guests;
	unsigned int i;

	if (!config_name_valid(name))
		return reader_fail(reader,
				   "%s:%d: '%s' is no name for a guest; use "
				   "1 to %d letters, digits and . _ -",
				   reader->name, reader->line, name,
				   CONFIG_MAX_NAME_BYTES - 1);
	for (i = 0; i < config->nr_guests; i++) {
		if (strcmp(config->guests[i].name, name) == 0)
			return reader_fail(
				reader,
				"%s:%d: guest '%s' stands in line %d already; "
				"give each guest one section",
				reader->name, reader->line, name,
				config->guests[i].line);
	}
	if (config->nr_guests == CONFIG_MAX_GUESTS)
		return reader_fail(reader,
				   "%s:%d: more than %d guests; run a second "
				   "contigd on another socket",
				   reader->name, reader->line,
				   CONFIG_MAX_GUESTS);
	guests = reallocarray(config->guests, config->nr_guests + 1,
			      sizeof(*guests));
	if (guests == NULL)
		return reader_fail(reader, "%s: out of memory", reader->name);
	config->guests = guests;
	guests[config->nr_guests] = (struct config_guest){
		.line = reader->line,
	};
	strcpy(guests[config->nr_guests].name, name);
	config->nr_guests++;
	reader->seen_guest = 0;
	return 1;
}

static int take_section(struct reader *reader, const char *section)
{
	if (strcmp(section, "contigd") == 0)
		return 1;
	if (strncmp(section, "guest ", 6) == 0)
		return begin_guest(reader, section + 6);
	return reader_fail(reader,
			   "%s:%d: unknown section [%s]; allowed are "
			   "[contigd] and [guest NAME]",
			   reader->name, reader->line, section);
}

/*
 * inih calls this for each key, and knows no sections without keys; those are
 * found by read_line() below.
 */
static int take_key(void *user, const char *section, const char *key,
		    const char *value)
{
	struct reader *reader = user;

	if (reader->failed)
		return 0;
	if (strcmp(section, "contigd") == 0)
		return take_contigd(reader, key, value);
	if (strncmp(section, "guest ", 6) == 0)
		return take_guest(reader, key, value);
	return reader_fail(reader,
			   "%s:%d: '%s' stands before any section; put it "
			   "below [contigd] or [guest NAME]",
			   reader->name, reader->line, key);
}

/* Other than the end of the line; a byte order mark counts as one, too. */
static bool has_control(const char *line)
{
	const unsigned char *c = (const unsigned char *)line;

	if (strncmp(line, "\xef\xbb\xbf", 3) == 0)
		return true;
	for (; *c != '\0'; c++) {
		if (*c == '\n' || (*c == '\r' && c[1] == '\n'))
			continue;
		if (*c == '\t' && c != (const unsigned char *)line)
			continue;
		if (*c < 0x20 || *c == 0x7f)
			return true;
	}
	return false;
}

/* inih's reader of lines: counts them and sees each section begin. */
static char *read_line(char *line, int bytes, void *user)
{
	struct reader *reader = user;
	char section[128];
	const char *start;
	const char *end;
	size_t length;

	if (reader->failed)
		return NULL;
	if (fgets(line, bytes, reader->file) == NULL)
		return NULL;
	reader->line++;
	length = strlen(line);
	if (length == 0 || (line[length - 1] != '\n' && !feof(reader->file))) {
		reader_fail(reader,
			    "%s:%d: the line is longer than %d bytes, or has "
			    "a NUL byte in it",
			    reader->name, reader->line, bytes - 2);
		return NULL;
	}
	/*
	 * inih joins indented lines to the one before and skips other white
	 * space; with neither it finds a section where this function does.
	 */
	if (has_control(line) ||
	    (line[0] == ' ' && strchr(";#\n", line[strspn(line, " ")]) == NULL)) {
		reader_fail(reader,
			    "%s:%d: begins with a blank, or has a control "
			    "character in it; remove it",
			    reader->name, reader->line);
		return NULL;
	}
	start = line;
	if (*start != '[')
		return line;
	start++;
	end = strchr(start, ']');
	if (end == NULL)
		return line;
	length = (size_t)(end - start);
	if (length >= sizeof(section) || length >= 50) {
		/* inih cuts longer names without a word. */
		reader_fail(reader,
			    "%s:%d: the name of the section is too long",
			    reader->name, reader->line);
		return NULL;
	}
	memcpy(section, start, length);
	section[length] = '\0';
	if (!take_section(reader, section))
		return NULL;
	return line;
}

void config_init(struct config *config)
{
	*config = (struct config){
		.socket = CONFIG_DEFAULT_SOCKET,
		.evidence = EVIDENCE_AUTO,
		.max_clients = 64,
	};
}

void config_free(struct config *config)
{
	free(config->guests);
	config->guests = NULL;
	config->nr_guests = 0;
}

int config_read(struct config *config, FILE *file, const char *name,
		struct failure *ret_failure)
{
	struct reader reader = {
		.config = config,
		.file = file,
		.name = name,
		.failure = ret_failure,
	};
	unsigned int i;
	int r;

	r = ini_parse_stream(read_line, &reader, take_key, &reader);
	if (reader.failed)
		return -EINVAL;
	if (r != 0) {
		failure_set(ret_failure, EXIT_FAILED,
			    "%s:%d: neither a [section] nor KEY = VALUE", name,
			    r > 0 ? r : reader.line);
		return -EINVAL;
	}
	for (i = 0; i < config->nr_guests; i++) {
		if (config->guests[i].qmp[0] != '\0')
			continue;
		failure_set(ret_failure, EXIT_FAILED,
			    "%s:%d: guest '%s' has no qmp; add 'qmp = PATH' "
			    "of a QMP socket that QEMU listens on",
			    name, config->guests[i].line,
			    config->guests[i].name);
		return -EINVAL;
	}
	return 0;
}

int config_load(struct config *config, const char *name,
		struct failure *ret_failure)
{
	FILE *file;
	int r;

	file = fopen(name, "re");
	if (file == NULL) {
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: %s; give the configuration by --config FILE",
			    name, strerror(errno));
		return -EINVAL;
	}
	r = config_read(config, file, name, ret_failure);
	fclose(file);
	return r;
}
