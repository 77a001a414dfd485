/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of the kernel's that programs can have it take, a little at a time. */
#ifndef CONTIG_BENCH_OBSTACLE_H
#define CONTIG_BENCH_OBSTACLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/guest/pool.h"

struct obstacle {
	const char *name;
	void (*add)(void);
	/* Gives back the @i-th that was added. */
	void (*remove)(size_t i);
};

/* Pipes that are full, sockets with data in them, page tables. */
extern const struct obstacle obstacle_pipe, obstacle_socket, obstacle_table;

/* Every obstacle that is a file needs one, or two. */
void obstacle_prepare(void);

/*
 * Pins page @i of the pool in its place: by a pipe, or as a buffer of an
 * io_uring, in turns. Writes its frame to @frames.
 */
void obstacle_pin(const struct pool *pool, size_t i, FILE *frames);

#endif
