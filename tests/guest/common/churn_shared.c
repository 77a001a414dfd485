// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that has a file: shared, read and written, mapped, truncated. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/guest/common/churn.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

static void shm_start(struct churn *churn)
{
	churn_map(churn, MAP_SHARED | MAP_ANONYMOUS, -1);
}

/* Here a child's writes are the parent's too. */
static void write_shared(struct churn *churn)
{
	for (size_t i = 0; i < churn->pages; i++) {
		churn_check(churn, i);
		churn_write(churn, i);
	}
}

static void shm_round(struct churn *churn)
{
	churn_in_child(churn, write_shared);
	churn_check_all(churn);
	if (madvise(churn->memory, churn->pages * PAGE_BYTES, MADV_DONTNEED))
		control_fail("mix: madvise: %s", strerror(errno));
	churn_check_all(churn);
}

const struct churn_kind churn_shm = { "shm", shm_start, shm_round };

static void open_file(struct churn *churn, const char *dir)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/mix-%d", dir, getpid());
	churn->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (churn->fd < 0 ||
	    ftruncate(churn->fd, churn->pages * PAGE_BYTES))
		control_fail("mix: %s: %s", path, strerror(errno));
	unlink(path);
}

/* Through read and write; the versions are all that is mapped. */
static void rw_write(struct churn *churn, size_t i)
{
	static _Alignas(8) char page[PAGE_BYTES];

	churn->version[i]++;
	page_fill(page, churn->seed + churn->version[i], i);
	if (pwrite(churn->fd, page, PAGE_BYTES, i * PAGE_BYTES) != PAGE_BYTES)
		control_fail("mix: write: %s", strerror(errno));
}

static void rw_check(struct churn *churn, size_t i)
{
	static _Alignas(8) char page[PAGE_BYTES];

	if (pread(churn->fd, page, PAGE_BYTES, i * PAGE_BYTES) != PAGE_BYTES)
		control_fail("mix: read: %s", strerror(errno));
	churn_tell(churn, page_is_right(page, churn->seed + churn->version[i],
					i));
}

static void rw_start_in(struct churn *churn, const char *dir)
{
	open_file(churn, dir);
	churn->version = calloc(churn->pages, sizeof(*churn->version));
	if (!churn->version)
		control_fail("mix: out of memory");
	for (size_t i = 0; i < churn->pages; i++)
		rw_write(churn, i);
}

static void file_start(struct churn *churn)
{
	rw_start_in(churn, churn->dir);
}

static void tmpfs_start(struct churn *churn)
{
	rw_start_in(churn, "/tmp");
}

/* The tail goes away and is written again; now and then all goes to disk. */
static void file_round(struct churn *churn)
{
	size_t cut = churn_random(churn) % churn->pages;

	for (size_t i = 0; i < churn->pages; i++)
		rw_check(churn, i);
	if (ftruncate(churn->fd, cut * PAGE_BYTES))
		control_fail("mix: truncate: %s", strerror(errno));
	for (size_t i = cut; i < churn->pages; i++)
		rw_write(churn, i);
	if (churn_random(churn) % 4 == 0) {
		if (fsync(churn->fd))
			control_fail("mix: fsync: %s", strerror(errno));
		posix_fadvise(churn->fd, 0, 0, POSIX_FADV_DONTNEED);
	}
}

const struct churn_kind churn_file = { "file", file_start, file_round };
const struct churn_kind churn_tmpfs = { "tmpfs", tmpfs_start, file_round };

static void mapped_start(struct churn *churn)
{
	open_file(churn, churn->dir);
	churn_map(churn, MAP_SHARED, churn->fd);
}

/* Truncating unmaps the tail; touching it again after growing gives zeroes. */
static void mapped_round(struct churn *churn)
{
	size_t cut = churn_random(churn) % churn->pages;

	churn_check_all(churn);
	if (ftruncate(churn->fd, cut * PAGE_BYTES) ||
	    ftruncate(churn->fd, churn->pages * PAGE_BYTES))
		control_fail("mix: truncate: %s", strerror(errno));
	for (size_t i = cut; i < churn->pages; i++) {
		const char *page = churn->memory + i * PAGE_BYTES;

		churn_tell(churn, !page[0] &&
				  !memcmp(page, page + 1, PAGE_BYTES - 1));
		churn_write(churn, i);
	}
	if (churn_random(churn) % 4 == 0 &&
	    msync(churn->memory, churn->pages * PAGE_BYTES, MS_SYNC))
		control_fail("mix: msync: %s", strerror(errno));
}

const struct churn_kind churn_mapped_file = { "mmap", mapped_start,
					      mapped_round };
