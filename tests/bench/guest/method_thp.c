// SPDX-License-Identifier: GPL-2.0-or-later
/* A program that touches memory which is to be huge, whatever that takes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/bench/guest/method.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"
#include "tests/guest/common/pagemap.h"

#define DEFRAG "/sys/kernel/mm/transparent_hugepage/defrag"
#define HUGE_PAGES ((size_t)1 << 9)
#define HUGE_BYTES (HUGE_PAGES * PAGE_BYTES)

static char *memory;
static size_t bytes;

static bool is_of_huge_page(int flags_fd, uint64_t frame)
{
	uint64_t flags;

	if (pread(flags_fd, &flags, sizeof(flags), frame * sizeof(flags)) !=
	    sizeof(flags))
		control_fail("method: kpageflags: %s", strerror(errno));
	return flags & (UINT64_C(1) << KPF_THP);
}

/* A region of ours: aligned, in one piece, and of large folios. */
static bool is_huge(int flags_fd, const char *at, size_t pages, uint64_t *gfn)
{
	uint64_t frames[HUGE_PAGES];

	*gfn = 0;
	for (size_t i = 0; i < pages; i++) {
		if (i % HUGE_PAGES == 0)
			pagemap_frames(at + i * PAGE_BYTES, HUGE_PAGES, frames);
		if (i == 0)
			*gfn = frames[0];
		if (!frames[i % HUGE_PAGES] ||
		    frames[i % HUGE_PAGES] != *gfn + i)
			return false;
	}
	return *gfn && (*gfn & (pages - 1)) == 0 &&
	       is_of_huge_page(flags_fd, *gfn);
}

static void list_huge(struct method *method)
{
	int flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t gfn;

	for (size_t i = 0; i < bytes; i += (size_t)PAGE_BYTES << method->order)
		if (is_huge(flags_fd, memory + i, (size_t)1 << method->order,
			    &gfn))
			method_hold(method, gfn);
	close(flags_fd);
}

/*
 * As many as there are to be at the end, counting those that are free now: the
 * first faults get these. Only the first page of each is written: where there
 * is no huge page, a small one comes and not 512. A fault gives 2 MiB; larger
 * regions come of it only by chance.
 */
void method_touch_huge(struct method *method)
{
	size_t region = (size_t)PAGE_BYTES << method->order;
	uint64_t start_ns;
	char *p;

	stat_write(DEFRAG, "always");
	bytes = method->count * region;
	p = mmap(NULL, bytes + region, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		control_fail("method: mmap: %s", strerror(errno));
	memory = p + (-(uintptr_t)p & (region - 1));
	if (madvise(memory, bytes, MADV_HUGEPAGE))
		control_fail("method: madvise: %s", strerror(errno));

	start_ns = stat_clock_ns();
	for (size_t i = 0; i < bytes; i += HUGE_BYTES)
		memory[i] = 1;
	method->took_ns += stat_clock_ns() - start_ns;
}

static void touch_and_list(struct method *method)
{
	method_touch_huge(method);
	list_huge(method);
}

void method_unmap_huge(struct method *method)
{
	(void)method;
	munmap(memory, bytes);
	stat_write(DEFRAG, "madvise");
}

const struct method_kind method_thp = { "thp_fault", touch_and_list,
					method_unmap_huge, 1, NULL };
