// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/obstacle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define MAX_FILES 65536
#define MAX_OBSTACLES 16384
#define PIPE_PAGES 16
#define MESSAGE_BYTES 1500
#define MESSAGES 8
#define TABLE_SPAN (2ul << 20) /* what one page of a page table maps */
#define TABLES 32
#define NO_FILE (-1)

static int pipes[MAX_OBSTACLES][2], sockets[MAX_OBSTACLES][2];
static char *tables[MAX_OBSTACLES];
static size_t nr_pipes, nr_sockets, nr_tables, nr_pinned;

static void need_room(size_t nr)
{
	if (nr == MAX_OBSTACLES)
		control_fail("scene: more than %d obstacles", MAX_OBSTACLES);
}

void obstacle_prepare(void)
{
	struct rlimit limit = { MAX_FILES, MAX_FILES };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		control_fail("scene: setrlimit: %s", strerror(errno));
	/* Not when memory is full. */
	memset(pipes, 0xff, sizeof(pipes));
	memset(sockets, 0xff, sizeof(sockets));
	memset(tables, 0xff, sizeof(tables));
}

static void close_both(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
	fds[0] = NO_FILE;
	fds[1] = NO_FILE;
}

static void add_pipe(void)
{
	static const char page[PAGE_BYTES];
	int *fds = pipes[nr_pipes];

	need_room(nr_pipes++);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		control_fail("scene: pipe: %s", strerror(errno));
	for (size_t i = 0; i < PIPE_PAGES; i++)
		if (write(fds[1], page, sizeof(page)) != sizeof(page))
			control_fail("scene: pipe: %s", strerror(errno));
}

static void remove_pipe(size_t i)
{
	close_both(pipes[i]);
}

const struct obstacle obstacle_pipe = { "pipe", add_pipe, remove_pipe };

/* Sockets, files, inodes, and the messages: slabs of many sizes. */
static void add_socket(void)
{
	static const char message[MESSAGE_BYTES];
	int *fds = sockets[nr_sockets];

	need_room(nr_sockets++);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
		control_fail("scene: socketpair: %s", strerror(errno));
	for (size_t i = 0; i < MESSAGES; i++)
		if (send(fds[0], message, sizeof(message), MSG_DONTWAIT) < 0)
			control_fail("scene: send: %s", strerror(errno));
}

static void remove_socket(size_t i)
{
	close_both(sockets[i]);
}

const struct obstacle obstacle_socket = { "socket", add_socket, remove_socket };

/* Reading memory never written maps the zero page: a table and no page. */
static void add_table(void)
{
	size_t bytes = TABLES * TABLE_SPAN;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE))
		control_fail("scene: mmap: %s", strerror(errno));
	for (size_t i = 0; i < bytes; i += TABLE_SPAN)
		(void)*(volatile char *)(p + i);
	need_room(nr_tables);
	tables[nr_tables++] = p;
}

static void remove_table(size_t i)
{
	munmap(tables[i], TABLES * TABLE_SPAN);
}

const struct obstacle obstacle_table = { "page table", add_table,
					 remove_table };

static void pin_by_pipe(struct iovec *iov)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) || vmsplice(fds[1], iov, 1, 0) != PAGE_BYTES)
		control_fail("scene: vmsplice: %s", strerror(errno));
}

static void pin_by_ring(struct iovec *iov)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 1, &params);

	if (fd < 0 ||
	    syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, iov, 1))
		control_fail("scene: io_uring: %s", strerror(errno));
}

void obstacle_pin(const struct pool *pool, size_t i, FILE *frames)
{
	struct iovec iov = { .iov_base = pool->start + i * PAGE_BYTES,
			     .iov_len = PAGE_BYTES };
	uint64_t frame;

	if (nr_pinned++ % 2)
		pin_by_ring(&iov);
	else
		pin_by_pipe(&iov);
	pool_frames(pool, i, 1, &frame);
	fprintf(frames, "%" PRIu64 "\n", frame);
}
