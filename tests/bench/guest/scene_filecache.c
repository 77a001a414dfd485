// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous memory among the page cache, inodes and dentries of many small
 * files, taken in turns; then half of the anonymous pages and a quarter of the
 * files' are freed at random. The files are on /dev/pmem0, memory that the host
 * has put them into: reading takes no time that depends on the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/bench/guest/files.h"
#include "tests/bench/guest/scene.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

#define DEVICE "/dev/pmem0"
#define ROOT "/mnt"
#define FILL_PERCENT 90
#define FREE_PERCENT 50
#define FREE_FILES_PERCENT 25
/* Superblock and group descriptors, which the mounted file system keeps. */
#define PINNED_BLOCKS 2

static int open_file(unsigned int dir, unsigned int nr)
{
	char path[64];
	int fd;

	files_path(path, sizeof(path), ROOT, dir, nr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		control_fail("scene: %s: %s", path, strerror(errno));
	return fd;
}

static void check_file(unsigned int dir, unsigned int nr, struct tally *tally)
{
	static uint64_t page[PAGE_WORDS];
	int fd = open_file(dir, nr);

	for (unsigned int i = 0; i < files_pages(dir, nr); i++) {
		bool right = read(fd, page, sizeof(page)) == sizeof(page) &&
			     page_is_right(page, files_seed(dir, nr), i);

		tally->checked++;
		tally->wrong += !right;
	}
	close(fd);
}

static void check_dir(unsigned int dir, struct tally *tally)
{
	for (unsigned int nr = 0; nr < FILES_IN_DIR; nr++)
		check_file(dir, nr, tally);
}

static void drop_file(unsigned int dir, unsigned int nr)
{
	int fd = open_file(dir, nr);

	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		control_fail("scene: fadvise failed");
	close(fd);
}

/* The device's page cache is where the file system has its own blocks. */
static void list_pinned(FILE *frames)
{
	size_t bytes = PINNED_BLOCKS * PAGE_BYTES;
	int fd = open(DEVICE, O_RDONLY | O_CLOEXEC);
	struct pool blocks = { .pages = PINNED_BLOCKS };
	uint64_t frame[PINNED_BLOCKS];

	blocks.start =
		mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (fd < 0 || blocks.start == MAP_FAILED)
		control_fail("scene: %s: %s", DEVICE, strerror(errno));
	pool_frames(&blocks, 0, PINNED_BLOCKS, frame);
	for (size_t i = 0; i < PINNED_BLOCKS; i++)
		fprintf(frames, "%" PRIu64 "\n", frame[i]);
	munmap(blocks.start, bytes);
	close(fd);
}

static size_t share_of(const struct pool *pool, unsigned int dirs_to_go)
{
	size_t keep = pool->room / 100 * (100 - FILL_PERCENT);
	size_t now = pool_free_pages();

	return now > keep ? (now - keep) / dirs_to_go : 0;
}

static void build(struct scene *scene)
{
	struct pool *pool = &scene->pool;
	struct tally tally = { 0 };
	uint64_t seed = ~scene->seed;

	if (mount(DEVICE, ROOT, "ext4", MS_RDONLY | MS_NOATIME, NULL))
		control_fail("scene: %s: %s", DEVICE, strerror(errno));
	pool_open(pool, scene->seed);
	for (unsigned int dir = 0; dir < FILES_DIRS; dir++) {
		check_dir(dir, &tally);
		pool_grow(pool, share_of(pool, FILES_DIRS - dir));
	}
	if (tally.wrong)
		control_fail("scene: %zu pages of files are wrong",
			     tally.wrong);
	pool_give_percent(pool, FREE_PERCENT);
	for (unsigned int i = 0; i < FILES_DIRS * FILES_IN_DIR; i++)
		if (page_hash(seed, i) % 100 < FREE_FILES_PERCENT)
			drop_file(i / FILES_IN_DIR, i % FILES_IN_DIR);
	list_pinned(scene->frames);
}

static void check(struct scene *scene, struct tally *tally)
{
	scene_check_pool(scene, tally);
	for (unsigned int dir = 0; dir < FILES_DIRS; dir++)
		check_dir(dir, tally);
}

const struct scene_kind scene_filecache = { "filecache", build, check, NULL };
