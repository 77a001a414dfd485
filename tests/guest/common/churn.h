/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the worker processes of mix do with memory. Each calls its round again
 * and again; a round checks every page that it touches.
 */
#ifndef CONTIG_TESTS_GUEST_CHURN_H
#define CONTIG_TESTS_GUEST_CHURN_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* One for each worker, in memory that all share. */
struct churn_count {
	atomic_ulong rounds;
	atomic_ulong checked;
	atomic_ulong wrong;
};

struct churn {
	struct churn_count *count;
	size_t pages; /* what this worker may use */
	uint64_t seed; /* different for each worker */
	uint64_t random; /* state of churn_random() */
	const char *dir; /* for files */
	/* of the worker itself: */
	char *memory;
	uint32_t *version; /* by page: how often it was written */
	int fd;
};

uint64_t churn_random(struct churn *churn);

/* Memory for all pages, and their versions; flags as for mmap(). */
void churn_map(struct churn *churn, int flags, int fd);

/* Writes page @i anew, or checks that it is as it was last written. */
void churn_write(struct churn *churn, size_t i);
void churn_check(struct churn *churn, size_t i);
void churn_check_all(struct churn *churn);

/* Counts one page as right or wrong. */
void churn_tell(struct churn *churn, int right);

/* Runs @body in a child; its death by a signal is a wrong page. */
void churn_in_child(struct churn *churn, void (*body)(struct churn *churn));

struct churn_kind {
	const char *name;
	void (*start)(struct churn *churn);
	void (*round)(struct churn *churn);
};

extern const struct churn_kind churn_fork, churn_exit, churn_lock, churn_shm,
	churn_file, churn_mapped_file, churn_tmpfs, churn_ksm;

#endif
