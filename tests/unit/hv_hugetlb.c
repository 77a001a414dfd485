// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hugetlb memory, without any: a test must not change the pools of the machine
 * that it runs on. A folder stands for /proc/PID of a QEMU that has some; what
 * it lacks, the ioctls, the kernels lack that the method smaps is for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hv/back.h"
#include "tests/unit/hv_test.h"

#define RANGES 4
/* Low, so that the file of one u64 for each page stays small. */
#define START UINT64_C(0x40000000)
#define PRESENT (UINT64_C(1) << 63)

static const char hugetlb_text[] =
	"40000000-40800000 rw-s 00000000 00:0f 2          /dev/hugepages/ram\n"
	"Size:               8192 kB\n"
	"KernelPageSize:     2048 kB\n"
	"Rss:                   0 kB\n"
	"AnonHugePages:         0 kB\n"
	"ShmemPmdMapped:        0 kB\n"
	"FilePmdMapped:         0 kB\n"
	"Shared_Hugetlb:     6144 kB\n"
	"VmFlags: rd wr sh mr mw me ms de ht sd\n";

static const char other_text[] =
	"40800000-40a00000 rw-p 00000000 00:00 0\n"
	"Size:               2048 kB\n"
	"KernelPageSize:        4 kB\n"
	"AnonHugePages:         0 kB\n"
	"VmFlags: rd wr mr mw me ac sd\n";

struct proc {
	char folder[40];
	int fd;
};

static void write_file(const struct proc *proc, const char *name,
		       const char *text)
{
	int fd;

	fd = openat(proc->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* 2 MiB number @i are there: a hugetlb page has an entry for each 4 KiB. */
static void make_present(const struct proc *proc, uint64_t i)
{
	uint64_t page = (START >> CONTIG_PAGE_SHIFT) + i * HUGE_PAGES;
	uint64_t entries[HUGE_PAGES];
	int fd = openat(proc->fd, "pagemap", O_WRONLY | O_CLOEXEC);
	unsigned int n;

	/* Frame numbers are 0, as for who may not see them. */
	for (n = 0; n < HUGE_PAGES; n++)
		entries[n] = PRESENT;
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, entries, sizeof(entries),
				(off_t)(page * sizeof(entries[0]))),
			 sizeof(entries));
	close(fd);
}

static int make_proc(void **state)
{
	struct proc *proc = calloc(1, sizeof(*proc));
	uint64_t bytes;
	char *text;
	int fd;

	assert_non_null(proc);
	strcpy(proc->folder, "/tmp/contig.XXXXXX");
	assert_non_null(mkdtemp(proc->folder));
	proc->fd = open(proc->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(proc->fd >= 0);
	assert_true(asprintf(&text, "%s%s", hugetlb_text, other_text) > 0);
	write_file(proc, "smaps", text);
	write_file(proc, "maps", "");
	write_file(proc, "pagemap", "");
	free(text);
	fd = openat(proc->fd, "pagemap", O_WRONLY | O_CLOEXEC);
	/* Twice as far as START: nothing else is there. */
	bytes = (START >> CONTIG_PAGE_SHIFT) * sizeof(uint64_t) * 2;
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
	make_present(proc, 0);
	make_present(proc, 1);
	make_present(proc, 3);
	*state = proc;
	return 0;
}

static int unmake_proc(void **state)
{
	static const char *const names[] = { "smaps", "maps", "pagemap" };
	struct proc *proc = *state;
	size_t i;

	for (i = 0; i < 3; i++)
		unlinkat(proc->fd, names[i], 0);
	close(proc->fd);
	rmdir(proc->folder);
	free(proc);
	return 0;
}

static void it_is_huge_where_it_is_present(void **state)
{
	struct proc *proc = *state;
	uint8_t backing[RANGES + 1];
	struct evidence_range range = {
		.start = { START },
		.huge_ranges = RANGES,
		.backing = backing,
	};
	enum evidence_method method;
	bool hugetlb = false;

	assert_int_equal(evidence_look(proc->fd, EVIDENCE_AUTO, &range, 1,
				       &method, &hugetlb),
			 0);
	assert_int_equal(method, EVIDENCE_SMAPS);
	assert_true(hugetlb);
	assert_int_equal(backing[0], BACKING_HUGE);
	assert_int_equal(backing[1], BACKING_HUGE);
	assert_int_equal(backing[2], BACKING_NONE);
	assert_int_equal(backing[3], BACKING_HUGE);

	/* With the mapping behind it, not all of it is hugetlb memory. */
	range.huge_ranges++;
	assert_int_equal(evidence_look(proc->fd, EVIDENCE_AUTO, &range, 1,
				       &method, &hugetlb),
			 0);
	assert_false(hugetlb);
	assert_int_equal(backing[3], BACKING_HUGE);
	assert_int_equal(backing[4], BACKING_NONE);
}

static void there_is_nothing_to_collapse(void **state)
{
	struct proc *proc = *state;
	struct back_range ranges[RANGES];
	/* A call that must not come would fail, and be seen as its reason. */
	struct process process = { .proc_fd = proc->fd, .pidfd = -1 };
	struct back_run run = {
		.process = &process,
		.ranges = ranges,
		.count = RANGES,
	};
	int i;

	for (i = 0; i < RANGES; i++)
		ranges[i] = (struct back_range){
			.hva = { START + (uint64_t)i * HUGE_BYTES },
			.congruent = true,
		};
	assert_int_equal(back_run(&run), 0);
	assert_true(run.hugetlb);
	for (i = 0; i < RANGES; i++)
		assert_int_equal(ranges[i].reason,
				 i == 2 ? BACK_UNTOUCHED : BACK_FINE);
}

#define PROC(function) \
	cmocka_unit_test_setup_teardown(function, make_proc, unmake_proc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROC(it_is_huge_where_it_is_present),
		PROC(there_is_nothing_to_collapse),
	};

	return RUN(tests);
}
