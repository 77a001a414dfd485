/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's process, held so that a pid that is used again can't be mistaken for
 * it: once opened, everything goes through the two descriptors.
 */
#ifndef CONTIG_HV_PROCESS_H
#define CONTIG_HV_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Counted references; the event loop's thread alone takes and drops them. */
struct process {
	unsigned int refs;
	pid_t pid; /* for people and for move_pages() */
	int pidfd;
	int proc_fd; /* /proc/PID */
};

/**
 * process_open() - hold the process @pid
 *
 * Return: 0; -ESRCH when there is none; -EACCES or -EPERM when it may not be
 * looked at (PTRACE_MODE_READ).
 */
int process_open(pid_t pid, struct process **ret_process);

struct process *process_ref(struct process *process);
void process_unref(struct process *process);

/* Has not exited. */
bool process_alive(const struct process *process);

/*
 * Has exited or is about to: its memory is gone. A process that is killed loses
 * that before its sockets close, and is seen to have exited only after.
 */
bool process_ended(const struct process *process);

#endif
