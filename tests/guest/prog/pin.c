// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin - one page that can't be moved, in a chosen place of a block
 *
 *	pin CONTROL --place N [--by vmsplice|io_uring] [--percent P]
 *
 * Takes P percent of the free memory as single pages until one block of 512
 * page frames is wholly its own, and pins the Nth page of that block: by a
 * pipe, which keeps a reference as any system call at work does, or as an
 * io_uring buffer, which pins for as long as the ring lives. The answer is
 * "gfn=FIRST-FRAME-OF-THE-BLOCK pinned=FRAME pid=N".
 *
 * tell CONTROL unpin	answers "unpinned"
 * tell CONTROL check	answers "checked=N wrong=M place=FRAME", the frame that
 *			the pinned page is in now
 * tell CONTROL quit
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define BLOCK_PAGES 512
#define PRESENT (UINT64_C(1) << 63)
#define PFN_MASK ((UINT64_C(1) << 55) - 1)
#define SEED 77

static char *memory;
static size_t nr_pages;

static void read_frames(size_t page, size_t count, uint64_t *frames)
{
	static int fd = -1;
	ssize_t want = count * sizeof(*frames);

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(fd, frames, want,
		  ((uintptr_t)memory / PAGE_BYTES + page) * sizeof(*frames)) !=
	    want)
		control_fail("pin: pagemap: %s", strerror(errno));
	for (size_t i = 0; i < count; i++)
		frames[i] = frames[i] & PRESENT ? frames[i] & PFN_MASK : 0;
}

static uint64_t frame_of(size_t page)
{
	uint64_t frame;

	read_frames(page, 1, &frame);
	return frame;
}

/* The first block that is wholly ours. */
static uint64_t own_block(const uint64_t *frames)
{
	uint64_t last = 0, found = 0;
	unsigned short *own;

	for (size_t i = 0; i < nr_pages; i++)
		if (frames[i] > last)
			last = frames[i];
	own = calloc(last / BLOCK_PAGES + 1, sizeof(*own));
	if (!own)
		control_fail("pin: out of memory");
	for (size_t i = 0; i < nr_pages; i++)
		own[frames[i] / BLOCK_PAGES]++;
	for (uint64_t b = 1; b <= last / BLOCK_PAGES && !found; b++)
		if (own[b] == BLOCK_PAGES)
			found = b;
	free(own);
	if (!found)
		control_fail("pin: no block is wholly ours");
	return found;
}

static size_t page_in(const uint64_t *frames, uint64_t frame)
{
	for (size_t i = 0; i < nr_pages; i++)
		if (frames[i] == frame)
			return i;
	control_fail("pin: frame %llu is not ours",
		     (unsigned long long)frame);
}

/* Both return a descriptor; closing what it stands for unpins. */
static int pin_by_pipe(char *page, int *ret_write_end)
{
	struct iovec iov = { .iov_base = page, .iov_len = PAGE_BYTES };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) ||
	    vmsplice(ends[1], &iov, 1, 0) != PAGE_BYTES)
		control_fail("pin: vmsplice: %s", strerror(errno));
	*ret_write_end = ends[1];
	return ends[0];
}

static int pin_by_ring(char *page)
{
	struct iovec iov = { .iov_base = page, .iov_len = PAGE_BYTES };
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0 ||
	    syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		    &iov, 1))
		control_fail("pin: io_uring: %s", strerror(errno));
	return ring;
}

static void check(size_t pinned)
{
	size_t wrong = 0;

	for (size_t i = 0; i < nr_pages; i++)
		wrong += !page_is_right(memory + i * PAGE_BYTES, SEED, i);
	control_answer("checked=%zu wrong=%zu place=%llu", nr_pages, wrong,
		       (unsigned long long)frame_of(pinned));
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "place", required_argument, NULL, 'n' },
		{ "by", required_argument, NULL, 'b' },
		{ "percent", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int percent = 15, place = BLOCK_PAGES;
	int fd, write_end = -1, c;
	const char *by = "vmsplice";
	struct sysinfo info;
	uint64_t block, *frames;
	char line[64];
	size_t pinned;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'n')
			place = atoi(optarg);
		else if (c == 'b')
			by = optarg;
		else if (c == 'p')
			percent = atoi(optarg);
	}
	if (optind + 1 != argc || place >= BLOCK_PAGES)
		control_fail("usage: see the head of pin.c");
	control_start(argv[optind]);

	if (sysinfo(&info))
		control_fail("pin: sysinfo: %s", strerror(errno));
	nr_pages = info.freeram / PAGE_BYTES * percent / 100;
	memory = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED ||
	    madvise(memory, nr_pages * PAGE_BYTES, MADV_NOHUGEPAGE))
		control_fail("pin: mmap: %s", strerror(errno));
	for (size_t i = 0; i < nr_pages; i++)
		page_fill(memory + i * PAGE_BYTES, SEED, i);
	frames = malloc(nr_pages * sizeof(*frames));
	if (!frames)
		control_fail("pin: out of memory");
	read_frames(0, nr_pages, frames);
	block = own_block(frames);
	pinned = page_in(frames, block * BLOCK_PAGES + place);
	free(frames);
	if (!strcmp(by, "io_uring"))
		fd = pin_by_ring(memory + pinned * PAGE_BYTES);
	else
		fd = pin_by_pipe(memory + pinned * PAGE_BYTES, &write_end);
	control_answer("gfn=%llu pinned=%llu pid=%d",
		       (unsigned long long)block * BLOCK_PAGES,
		       (unsigned long long)frame_of(pinned), getpid());

	for (;;) {
		control_next(line, sizeof(line), -1);
		if (!strcmp(line, "quit"))
			control_bye("bye");
		if (!strcmp(line, "unpin")) {
			close(fd);
			close(write_end);
			control_answer("unpinned");
		} else {
			check(pinned);
		}
	}
}
