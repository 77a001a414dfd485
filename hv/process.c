// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

int process_open(pid_t pid, struct process **ret_process)
{
	struct process *process;
	char path[32];
	int fd;
	int r;

	process = calloc(1, sizeof(*process));
	if (process == NULL)
		return -ENOMEM;
	process->refs = 1;
	process->pid = pid;
	process->pidfd = pidfd_open(pid, 0);
	if (process->pidfd < 0) {
		r = -errno;
		goto free_process;
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	process->proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process->proc_fd < 0) {
		r = errno == ENOENT ? -ESRCH : -errno;
		goto close_pidfd;
	}
	/* Opening it is where the kernel checks PTRACE_MODE_READ. */
	fd = openat(process->proc_fd, "smaps", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		r = errno == ENOENT ? -ESRCH : -errno;
		goto close_proc_fd;
	}
	close(fd);
	/* Alive after both were opened: both are of the same process. */
	if (!process_alive(process)) {
		r = -ESRCH;
		goto close_proc_fd;
	}
	*ret_process = process;
	return 0;

close_proc_fd:
	close(process->proc_fd);
close_pidfd:
	close(process->pidfd);
free_process:
	free(process);
	return r;
}

struct process *process_ref(struct process *process)
{
	process->refs++;
	return process;
}

void process_unref(struct process *process)
{
	if (process == NULL || --process->refs > 0)
		return;
	close(process->proc_fd);
	close(process->pidfd);
	free(process);
}

bool process_alive(const struct process *process)
{
	struct pollfd poll_fd = { .fd = process->pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 0;
}

bool process_ended(const struct process *process)
{
	ssize_t got;
	char first;
	int fd;

	if (!process_alive(process))
		return true;
	/* Sizes, read without the lock of the memory; 0 when it is gone. */
	fd = openat(process->proc_fd, "statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH;
	got = read(fd, &first, 1);
	if (got < 0 && errno == ESRCH)
		got = 0;
	close(fd);
	return got == 0 || (got == 1 && first == '0');
}
