// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/common/control.h"

#define PROGRAM "/bin/coalesce"

static void become_program(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, 1) == 1 &&
	    !ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		execl(PROGRAM, PROGRAM, "state", (char *)NULL);
	_exit(127);
}

/* Until it stops; it must not end. */
static void wait_for_stop(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		control_fail("drain: %s does not do it", PROGRAM);
}

pid_t drain_prepare(void)
{
	pid_t child = fork();

	if (child < 0)
		control_fail("drain: fork: %s", strerror(errno));
	if (!child)
		become_program();
	wait_for_stop(child);
	if (ptrace(PTRACE_SETOPTIONS, child, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		control_fail("drain: ptrace: %s", strerror(errno));
	return child;
}

/*
 * What was freed just now, by a program that has ended for example, comes to
 * the free lists after a grace period, and so does what that frees in turn.
 */
static void let_free(void)
{
	poll(NULL, 0, 200);
}

void drain_now(pid_t child)
{
	struct __ptrace_syscall_info info = { 0 };
	bool ioctl_entered = false;

	let_free();
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL))
			control_fail("drain: ptrace: %s", strerror(errno));
		wait_for_stop(child);
		if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info),
			   &info) < 0)
			control_fail("drain: ptrace: %s", strerror(errno));
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			ioctl_entered = info.entry.nr == SYS_ioctl;
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT && ioctl_entered)
			break;
	}
	/* Its first one is the one that drains. */
	if (info.exit.is_error)
		control_fail("drain: /dev/coalesce: %s",
			     strerror(-(int)info.exit.rval));
}

void drain_end(pid_t child)
{
	int status;

	if (ptrace(PTRACE_DETACH, child, NULL, NULL) ||
	    waitpid(child, &status, 0) != child || status)
		control_fail("drain: %s has failed", PROGRAM);
}
