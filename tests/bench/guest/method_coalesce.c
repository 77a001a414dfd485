// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/coalesce, by the program that the guest tests have for it. It holds its
 * regions until its standard input ends. The time is that of the call as the
 * program sees it, without the program around it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/guest/method.h"
#include "tests/guest/common/control.h"

#define PROGRAM "/bin/coalesce"

static pid_t child;
static int hold_fd = -1;
static char shortfall[256];

/*
 * Where memory is short it may drop clean page cache, as the other methods do
 * without being asked. (freelist has no use for that.)
 */
static void become_program(const struct method *method, const char *strategy,
			   int in, int out)
{
	char order[16], count[32];

	snprintf(order, sizeof(order), "%u", method->order);
	snprintf(count, sizeof(count), "%" PRIu64, method->count);
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1)
		execl(PROGRAM, PROGRAM, "request", "--reclaim", "--order",
		      order, "--count", count, "--strategy", strategy,
		      (char *)NULL);
	_exit(127);
}

/* Starts it; what it says comes from the file returned. */
static FILE *start(const struct method *method, const char *strategy)
{
	int in[2], out[2];
	FILE *f;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		control_fail("method: pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		control_fail("method: fork: %s", strerror(errno));
	if (!child)
		become_program(method, strategy, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	hold_fd = in[1];
	f = fdopen(out[0], "re");
	if (!f)
		control_fail("method: %s", strerror(errno));
	return f;
}

static void note_shortfall(const char *line)
{
	size_t used = strlen(shortfall);

	if (!strncmp(line, "shortfall_", 10))
		snprintf(shortfall + used, sizeof(shortfall) - used, "\n%.*s",
			 (int)strcspn(line, "\n"), line);
}

static void request(struct method *method, const char *strategy)
{
	FILE *said = start(method, strategy);
	uint64_t gfn, value;
	char line[256];
	int held = 0;

	shortfall[0] = '\0';
	while (!held && fgets(line, sizeof(line), said)) {
		if (sscanf(line, "region %*u %" SCNu64, &gfn) == 1)
			fprintf(method->held, "%" PRIu64 "\n", gfn);
		else if (sscanf(line, "call_ns=%" SCNu64, &value) == 1)
			method->took_ns += value;
		else if (sscanf(line, "pages_scanned=%" SCNu64, &value) == 1)
			method->scanned += value;
		note_shortfall(line);
		held = !strcmp(line, "held\n");
	}
	fclose(said);
	if (!held)
		control_fail("method: %s does not hold regions", PROGRAM);
	method->why = shortfall;
}

static void get_cost(struct method *method)
{
	request(method, "cost");
}

static void get_freelist(struct method *method)
{
	request(method, "freelist");
}

static void release(struct method *method)
{
	int status;

	(void)method;
	close(hold_fd);
	/* 3: it has not got as many as it was asked for. */
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    (WEXITSTATUS(status) && WEXITSTATUS(status) != 3))
		control_fail("method: %s has failed", PROGRAM);
}

const struct method_kind method_cost = { "cost", get_cost, release, 0 };
const struct method_kind method_freelist = { "freelist", get_freelist, release,
					     0 };
