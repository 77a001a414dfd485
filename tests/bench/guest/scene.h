/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of memory that methods start from; one file for each kind. */
#ifndef CONTIG_BENCH_SCENE_H
#define CONTIG_BENCH_SCENE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/guest/pool.h"

struct scene {
	uint64_t seed;
	size_t guest_pages; /* memory of the whole guest */
	struct pool pool;
	FILE *frames; /* takes page frames that can't be moved, one a line */
};

struct scene_kind {
	const char *name;
	void (*build)(struct scene *scene);
	/* Looks at every page that the scene has. */
	void (*check)(struct scene *scene, struct tally *tally);
	/* What else it can be told to do, or NULL; the text is the answer. */
	const char *(*command)(struct scene *scene, const char *words);
};

/*
 * Nearly all memory is taken as single pages, and half of them are freed at
 * random: every block is as full as the others.
 */
void scene_build_half_full(struct scene *scene);

/* For kinds that have nothing but the pool. */
void scene_check_pool(struct scene *scene, struct tally *tally);

extern const struct scene_kind scene_uniform50, scene_gigantic, scene_skewed,
	scene_tight, scene_filecache, scene_endurance, scene_demand,
	scene_unmovable, scene_live;

#endif
