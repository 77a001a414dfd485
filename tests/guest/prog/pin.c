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
 * tell CONTROL place N	pins the Nth page instead, of another block when the
 *			first is no longer its own; answers "gfn=F pinned=F"
 * tell CONTROL ambush	lets it go, and pins it at the moment when it is taken
 *			off its LRU list to be moved; answers "waiting"
 * tell CONTROL unpin	answers "unpinned"
 * tell CONTROL check	answers "checked=N wrong=M place=FRAME", the frame that
 *			the pinned page is in now
 * tell CONTROL quit
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/io_uring.h>
#include <linux/kernel-page-flags.h>
#include <stdbool.h>
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
#include "tests/guest/common/pagemap.h"

#define BLOCK_PAGES 512
#define SEED 77

static char *memory;
static size_t nr_pages;
static uint64_t block;
static const char *by = "vmsplice";

/* The page that is pinned, and what pins it: closing that unpins. */
static size_t pinned;
static int pin_fds[2] = { -1, -1 };

static void read_frames(size_t page, size_t count, uint64_t *frames)
{
	pagemap_frames(memory + page * PAGE_BYTES, count, frames);
}

static uint64_t frame_of(size_t page)
{
	uint64_t frame;

	read_frames(page, 1, &frame);
	return frame;
}

/* The first block that is wholly ours; @first, if that is. */
static uint64_t own_block(const uint64_t *frames, uint64_t first)
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
	if (first && first <= last / BLOCK_PAGES && own[first] == BLOCK_PAGES)
		found = first;
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

static void pin_by_pipe(struct iovec *iov)
{
	if (pipe2(pin_fds, O_CLOEXEC) ||
	    vmsplice(pin_fds[1], iov, 1, 0) != PAGE_BYTES)
		control_fail("pin: vmsplice: %s", strerror(errno));
}

static void pin_by_ring(struct iovec *iov)
{
	struct io_uring_params params = { 0 };

	pin_fds[0] = syscall(SYS_io_uring_setup, 1, &params);
	if (pin_fds[0] < 0 ||
	    syscall(SYS_io_uring_register, pin_fds[0], IORING_REGISTER_BUFFERS,
		    iov, 1))
		control_fail("pin: io_uring: %s", strerror(errno));
}

static void pin(void)
{
	struct iovec iov = { .iov_base = memory + pinned * PAGE_BYTES,
			     .iov_len = PAGE_BYTES };

	if (!strcmp(by, "io_uring"))
		pin_by_ring(&iov);
	else
		pin_by_pipe(&iov);
}

static void unpin(void)
{
	for (size_t i = 0; i < 2; i++) {
		if (pin_fds[i] >= 0)
			close(pin_fds[i]);
		pin_fds[i] = -1;
	}
}

/* The page that is in the block's frame @place now. */
static void choose_page(unsigned int place)
{
	uint64_t *frames = malloc(nr_pages * sizeof(*frames));

	if (!frames)
		control_fail("pin: out of memory");
	read_frames(0, nr_pages, frames);
	block = own_block(frames, block);
	pinned = page_in(frames, block * BLOCK_PAGES + place);
	free(frames);
}

static bool is_on_lru(uint64_t frame)
{
	static int fd = -1;
	uint64_t flags;

	if (fd < 0)
		fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (pread(fd, &flags, sizeof(flags), frame * sizeof(flags)) !=
	    sizeof(flags))
		control_fail("pin: kpageflags: %s", strerror(errno));
	return flags & (UINT64_C(1) << KPF_LRU);
}

static void check(void)
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
	bool ambush = false;
	uint64_t frame = 0;
	struct sysinfo info;
	char line[64];
	int c;

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
	choose_page(place);
	pin();
	control_answer("gfn=%llu pinned=%llu pid=%d",
		       (unsigned long long)block * BLOCK_PAGES,
		       (unsigned long long)frame_of(pinned), getpid());

	for (;;) {
		/* Asked all the time while it waits for the moment. */
		if (!control_next(line, sizeof(line), ambush ? 0 : -1)) {
			if (!is_on_lru(frame)) {
				pin();
				ambush = false;
			}
			continue;
		}
		ambush = false;
		if (!strcmp(line, "quit"))
			control_bye("bye");
		if (!strcmp(line, "unpin")) {
			unpin();
			control_answer("unpinned");
		} else if (!strcmp(line, "ambush")) {
			unpin();
			frame = frame_of(pinned);
			ambush = true;
			control_answer("waiting");
		} else if (sscanf(line, "place %u", &place) == 1 &&
			   place < BLOCK_PAGES) {
			unpin();
			choose_page(place);
			pin();
			control_answer("gfn=%llu pinned=%llu",
				       (unsigned long long)block * BLOCK_PAGES,
				       (unsigned long long)frame_of(pinned));
		} else {
			check();
		}
	}
}
