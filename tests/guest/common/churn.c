// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/common/churn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

uint64_t churn_random(struct churn *churn)
{
	return page_hash(churn->seed, churn->random++);
}

void churn_map(struct churn *churn, int flags, int fd)
{
	churn->memory = mmap(NULL, churn->pages * PAGE_BYTES,
			     PROT_READ | PROT_WRITE, flags, fd, 0);
	/* Shared, so that a child can tell what it has written. */
	churn->version = mmap(NULL, churn->pages * sizeof(*churn->version),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (churn->memory == MAP_FAILED || churn->version == MAP_FAILED)
		control_fail("mix: mmap: %s", strerror(errno));
	for (size_t i = 0; i < churn->pages; i++)
		churn_write(churn, i);
}

void churn_tell(struct churn *churn, int right)
{
	atomic_fetch_add(&churn->count->checked, 1);
	if (!right)
		atomic_fetch_add(&churn->count->wrong, 1);
}

void churn_write(struct churn *churn, size_t i)
{
	churn->version[i]++;
	page_fill(churn->memory + i * PAGE_BYTES,
		  churn->seed + churn->version[i], i);
}

void churn_check(struct churn *churn, size_t i)
{
	churn_tell(churn, page_is_right(churn->memory + i * PAGE_BYTES,
					churn->seed + churn->version[i], i));
}

void churn_check_all(struct churn *churn)
{
	for (size_t i = 0; i < churn->pages; i++)
		churn_check(churn, i);
}

void churn_in_child(struct churn *churn, void (*body)(struct churn *churn))
{
	pid_t child = fork();
	int status;

	if (child < 0)
		control_fail("mix: fork: %s", strerror(errno));
	if (!child) {
		body(churn);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			control_fail("mix: waitpid: %s", strerror(errno));
	churn_tell(churn, status == 0);
}
