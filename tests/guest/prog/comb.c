// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * comb - blocks of memory of which each Kth page frame is in use
 *
 *	comb CONTROL --percent P --every K [--shared]
 *
 * Takes P percent of the free memory as single pages, and gives back those that
 * are in blocks of 512 page frames that are wholly its own, but for each Kth
 * frame. So in these blocks there are runs of K - 1 free pages and none that is
 * longer, whatever else becomes free. With --shared, each page is in use by two
 * processes. The answer is "blocks=N pid=N".
 *
 * tell CONTROL quit
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"
#include "tests/guest/common/pagemap.h"

#define BLOCK_PAGES 512

static char *memory;
static size_t nr_pages;

static char *take_pages(void)
{
	char *p = mmap(NULL, nr_pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED ||
	    madvise(p, nr_pages * PAGE_BYTES, MADV_NOHUGEPAGE))
		control_fail("comb: mmap: %s", strerror(errno));
	for (size_t i = 0; i < nr_pages; i++)
		p[i * PAGE_BYTES] = 1;
	return p;
}

/* The frames of all pages; 0 for one that has been taken away. */
static uint64_t *read_frames(void)
{
	uint64_t *frames = malloc(nr_pages * sizeof(*frames));

	if (!frames)
		control_fail("comb: out of memory");
	pagemap_frames(memory, nr_pages, frames);
	return frames;
}

/* How many pages of each block are ours. */
static unsigned short *count_own(const uint64_t *frames)
{
	unsigned short *own;
	uint64_t last = 0;

	for (size_t i = 0; i < nr_pages; i++)
		if (frames[i] > last)
			last = frames[i];
	own = calloc(last / BLOCK_PAGES + 1, sizeof(*own));
	if (!own)
		control_fail("comb: out of memory");
	for (size_t i = 0; i < nr_pages; i++)
		own[frames[i] / BLOCK_PAGES]++;
	return own;
}

static size_t make_holes(unsigned int every)
{
	uint64_t *frames = read_frames();
	unsigned short *own = count_own(frames);
	size_t kept = 0;

	for (size_t i = 0; i < nr_pages; i++) {
		if (own[frames[i] / BLOCK_PAGES] != BLOCK_PAGES)
			continue;
		if (frames[i] % every == 0) {
			kept++;
		} else if (madvise(memory + i * PAGE_BYTES, PAGE_BYTES,
				   MADV_DONTNEED)) {
			control_fail("comb: madvise: %s", strerror(errno));
		}
	}
	free(own);
	free(frames);
	return kept * every / BLOCK_PAGES;
}

/* A process that has the same pages, and does nothing. */
static pid_t share(void)
{
	pid_t child = fork();

	if (child < 0)
		control_fail("comb: fork: %s", strerror(errno));
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "percent", required_argument, NULL, 'p' },
		{ "every", required_argument, NULL, 'e' },
		{ "shared", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int percent = 0, every = 0;
	struct sysinfo info;
	bool shared = false;
	pid_t child = 0;
	size_t blocks;
	char line[64];
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'p')
			percent = atoi(optarg);
		else if (c == 'e')
			every = atoi(optarg);
		else if (c == 's')
			shared = true;
	}
	if (optind + 1 != argc || !percent || percent > 99 || !every ||
	    BLOCK_PAGES % every)
		control_fail("usage: see the head of comb.c");
	control_start(argv[optind]);

	if (sysinfo(&info))
		control_fail("comb: sysinfo: %s", strerror(errno));
	nr_pages = info.freeram / PAGE_BYTES * percent / 100;
	memory = take_pages();
	blocks = make_holes(every);
	if (shared)
		child = share();
	control_answer("blocks=%zu pid=%d", blocks, getpid());
	control_next(line, sizeof(line), -1);
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	control_bye("bye");
}
