// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration: what is taken, and what each mistake is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hv/config.h"
#include "tests/unit/hv_test.h"

static int read_text(const char *text, struct config *config,
		     struct failure *failure)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int r;

	assert_non_null(file);
	config_init(config);
	r = config_read(config, file, "x.conf", failure);
	fclose(file);
	return r;
}

/* @text is refused with a message that has @expected in it. */
static void refused(const char *text, const char *expected)
{
	struct failure failure = { 0 };
	struct config config;

	assert_int_equal(read_text(text, &config, &failure), -EINVAL);
	if (strstr(failure.text, expected) == NULL)
		fail_msg("'%s' does not say '%s'", failure.text, expected);
	config_free(&config);
}

static void a_whole_file_is_read(void **state)
{
	struct failure failure;
	struct config config;

	(void)state;
	assert_int_equal(read_text("; comment\n  # another\n\n  \n[contigd]\nsocket = /s\n"
				   "group = kvm\nevidence = smaps\n"
				   "max_clients = 3\n\n[guest web01]\n"
				   "qmp = /q1\nagent = /a1 ; the port\n"
				   "[guest db-2.x_y]\nqmp=/q2\n",
				   &config, &failure),
			 0);
	assert_string_equal(config.socket, "/s");
	assert_string_equal(config.group, "kvm");
	assert_int_equal(config.evidence, EVIDENCE_SMAPS);
	assert_int_equal(config.max_clients, 3);
	assert_int_equal(config.nr_guests, 2);
	assert_string_equal(config.guests[0].name, "web01");
	assert_string_equal(config.guests[0].agent, "/a1");
	assert_string_equal(config.guests[1].name, "db-2.x_y");
	assert_string_equal(config.guests[1].qmp, "/q2");
	assert_string_equal(config.guests[1].agent, "");
	config_free(&config);
}

static void there_are_defaults(void **state)
{
	struct failure failure;
	struct config config;

	(void)state;
	assert_int_equal(read_text("\n", &config, &failure), 0);
	assert_string_equal(config.socket, "/run/contig/contigd.sock");
	assert_int_equal(config.evidence, EVIDENCE_AUTO);
	assert_int_equal(config.nr_guests, 0);
	config_free(&config);
}

static void mistakes_name_file_and_line(void **state)
{
	(void)state;
	refused("[contigd]\n\nsocet = /x\n", "x.conf:3: unknown key 'socet'");
	refused("[contigd]\nsocet = /x\n", "allowed are socket, group");
	refused("[guest a]\nqmp = /x\nnode = 1\n", "x.conf:3: unknown key");
	refused("[guest]\n", "x.conf:1: unknown section [guest]");
	refused("[web01]\n", "allowed are [contigd] and [guest NAME]");
	refused("socket = /x\n", "x.conf:1: 'socket' stands before");
	refused("[contigd]\nsocket\n", "x.conf:2: neither");
	refused(" [contigd]\n", "x.conf:1: begins with a blank");
	refused("[guest a]\nqmp = /x\n [guest b]\n", "x.conf:3: begins with");
	refused("\r[guest a]\n", "x.conf:1: begins with");
	refused("\xef\xbb\xbf[guest a]\n", "x.conf:1: begins with");
	refused("[contigd\n", "x.conf:1: neither");
	refused("[guest ]\n", "x.conf:1: '' is no name");
	refused("[guest a/b]\n", "'a/b' is no name");
	refused("[guest -a]\n", "'-a' is no name");
	refused("[guest a]\nqmp = x\n", "x.conf:2: qmp: 'x' is not an absolute");
	refused("[guest a]\nqmp =\n", "is not an absolute");
	refused("[guest a]\nagent = /x\n", "x.conf:1: guest 'a' has no qmp");
	refused("[guest a]\nqmp = /x\n[guest a]\n", "stands in line 1 already");
	refused("[guest a]\nqmp = /x\nqmp = /y\n", "x.conf:3: qmp is given twice");
	refused("[guest a]\nqmp = /x\n[guest b]\nqmp = /x\n",
		"x.conf:4: qmp: guest 'a' in line 1 has that socket");
	refused("[guest a]\nqmp = /x\nagent = /y\n[guest b]\nagent = /y\n",
		"x.conf:5: agent: guest 'a' in line 1 has that socket");
	refused("[guest a]\nqmp = /x\nagent = /x\n",
		"x.conf:3: agent: guest 'a' in line 1 has that socket");
	refused("[contigd]\nevidence = luck\n", "unknown method 'luck'");
	refused("[contigd]\nmax_clients = 0\n", "number from 1 to 1024");
	refused("[contigd]\nmax_clients = 9999\n", "number from 1 to 1024");
}

static void long_things_are_refused(void **state)
{
	char text[600];
	char name[200];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[109] = '\0';
	snprintf(text, sizeof(text), "[guest a]\nqmp = /%s\n", name);
	refused(text, "too long for a socket");
	name[109] = 'n';
	name[70] = '\0';
	snprintf(text, sizeof(text), "[guest %s]\nqmp = /x\n", name);
	refused(text, "too long");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	refused(text, "x.conf:1: the line is longer than");
}

static void names_are_plain(void **state)
{
	(void)state;
	assert_true(config_name_valid("web01"));
	assert_true(config_name_valid("0.a-b_c"));
	assert_false(config_name_valid(""));
	assert_false(config_name_valid(".a"));
	assert_false(config_name_valid("a b"));
	assert_false(config_name_valid("a\n"));
	assert_false(config_name_valid("\xc3\xa4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_file_is_read),
		TEST(there_are_defaults),
		TEST(mistakes_name_file_and_line),
		TEST(long_things_are_refused),
		TEST(names_are_plain),
	};

	return RUN(tests);
}
