// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold - a program because of which the kernel has memory that can't be moved
 *
 *	hold CONTROL KIND N
 *
 * A KIND is one of
 *
 *	threads	N threads that wait, each of which has a stack in the kernel
 *	tables	N page tables, each of which maps one page: the zero page
 *	pipe	N pages in a pipe, each byte of which is a p
 *
 * tell CONTROL quit
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

/* What one page table maps. */
#define TABLE_BYTES (2u << 20)
#define STACK_BYTES (16u << 10)

static char *map(size_t bytes, int prot)
{
	char *p = mmap(NULL, bytes, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE))
		control_fail("hold: mmap: %s", strerror(errno));
	return p;
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* Their own stacks are next to each other: few mappings, few page tables. */
static void hold_threads(size_t n)
{
	char *stacks = map(n * STACK_BYTES, PROT_READ | PROT_WRITE);
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	for (size_t i = 0; i < n; i++) {
		int error;

		pthread_attr_setstack(&attr, stacks + i * STACK_BYTES,
				      STACK_BYTES);
		error = pthread_create(&thread, &attr, wait_for_ever, NULL);
		if (error)
			control_fail("hold: thread %zu: %s", i,
				     strerror(error));
	}
}

static void hold_tables(size_t n)
{
	char *p = map((n + 1) * TABLE_BYTES, PROT_READ);

	p += -(uintptr_t)p & (TABLE_BYTES - 1);
	for (size_t i = 0; i < n; i++)
		*(volatile char *)(p + i * TABLE_BYTES);
}

static void hold_pipe(size_t n)
{
	static char page[PAGE_BYTES];
	int fds[2];

	memset(page, 'p', sizeof(page));
	if (pipe2(fds, O_CLOEXEC) ||
	    fcntl(fds[1], F_SETPIPE_SZ, n * PAGE_BYTES) < 0)
		control_fail("hold: pipe: %s", strerror(errno));
	for (size_t i = 0; i < n; i++)
		if (write(fds[1], page, PAGE_BYTES) != PAGE_BYTES)
			control_fail("hold: pipe: %s", strerror(errno));
}

static const struct {
	const char *name;
	void (*hold)(size_t n);
} kinds[] = {
	{ "threads", hold_threads },
	{ "tables", hold_tables },
	{ "pipe", hold_pipe },
};

int main(int argc, char **argv)
{
	size_t kind = 0, n = argc == 4 ? strtoul(argv[3], NULL, 0) : 0;
	char line[64];

	while (n && kind < sizeof(kinds) / sizeof(*kinds) &&
	       strcmp(kinds[kind].name, argv[2]))
		kind++;
	if (!n || kind == sizeof(kinds) / sizeof(*kinds))
		control_fail("usage: see the head of hold.c");
	control_start(argv[1]);
	kinds[kind].hold(n);
	control_answer("held=%zu pid=%d", n, getpid());
	control_next(line, sizeof(line), -1);
	control_bye("bye");
}
