// SPDX-License-Identifier: GPL-2.0-or-later
/* Anonymous memory: copied on write, given back at exit, locked, merged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/guest/common/churn.h"
#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"

static void map_private(struct churn *churn)
{
	churn_map(churn, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/*
 * A child writes pages of its copy while the parent's must stay; what the
 * child writes is derived from another seed, its versions are its own.
 */
static void write_copy(struct churn *churn)
{
	struct churn copy = *churn;

	churn_check_all(churn);
	copy.seed = ~churn->seed;
	for (size_t i = 0; i < churn->pages; i += 2)
		page_fill(copy.memory + i * PAGE_BYTES, copy.seed, i);
	for (size_t i = 0; i < churn->pages; i += 2)
		churn_tell(&copy, page_is_right(copy.memory + i * PAGE_BYTES,
						copy.seed, i));
}

static void fork_round(struct churn *churn)
{
	churn_in_child(churn, write_copy);
	for (size_t i = 0; i < churn->pages / 4; i++) {
		size_t page = churn_random(churn) % churn->pages;

		churn_check(churn, page);
		churn_write(churn, page);
	}
	churn_check_all(churn);
}

const struct churn_kind churn_fork = { "fork", map_private, fork_round };

static void nothing(struct churn *churn)
{
	(void)churn;
}

/* Fresh memory, checked and lost with the process. */
static void live_and_die(struct churn *churn)
{
	map_private(churn);
	churn_check_all(churn);
}

static void exit_round(struct churn *churn)
{
	churn_in_child(churn, live_and_die);
}

const struct churn_kind churn_exit = { "exit", nothing, exit_round };

static void lock_round(struct churn *churn)
{
	size_t first = churn_random(churn) % churn->pages;
	size_t pages = churn->pages - first;
	char *at = churn->memory + first * PAGE_BYTES;

	if (mlock(at, pages * PAGE_BYTES))
		control_fail("mix: mlock: %s", strerror(errno));
	for (size_t i = first; i < churn->pages; i++) {
		churn_check(churn, i);
		churn_write(churn, i);
	}
	if (churn_random(churn) % 2)
		munlock(at, pages * PAGE_BYTES);
	else
		munlockall();
	churn_check_all(churn);
}

const struct churn_kind churn_lock = { "mlock", map_private, lock_round };

/*
 * Many equal pages, so that KSM has some to merge; a write breaks a page out,
 * and the others must not see it.
 */
#define KSM_CONTENTS 8

static void ksm_fill(struct churn *churn, size_t i)
{
	page_fill(churn->memory + i * PAGE_BYTES, churn->seed,
		  churn->version[i] % KSM_CONTENTS);
}

static void ksm_check(struct churn *churn, size_t i)
{
	churn_tell(churn, page_is_right(churn->memory + i * PAGE_BYTES,
					churn->seed,
					churn->version[i] % KSM_CONTENTS));
}

static void ksm_start(struct churn *churn)
{
	map_private(churn);
	for (size_t i = 0; i < churn->pages; i++)
		ksm_fill(churn, i);
	if (madvise(churn->memory, churn->pages * PAGE_BYTES, MADV_MERGEABLE))
		control_fail("mix: MADV_MERGEABLE: %s", strerror(errno));
}

static void ksm_round(struct churn *churn)
{
	for (size_t i = 0; i < churn->pages; i++)
		ksm_check(churn, i);
	for (size_t i = 0; i < churn->pages / 64; i++) {
		size_t page = churn_random(churn) % churn->pages;

		churn->version[page]++;
		ksm_fill(churn, page);
	}
}

const struct churn_kind churn_ksm = { "ksm", ksm_start, ksm_round };
