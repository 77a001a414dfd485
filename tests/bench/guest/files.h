/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many small files, known by number: made on the host, read in the guest. Each
 * page has a checksum (common/page.h).
 */
#ifndef CONTIG_BENCH_FILES_H
#define CONTIG_BENCH_FILES_H

#include <stddef.h>
#include <stdint.h>

#define FILES_DIRS 200
#define FILES_IN_DIR 120
#define FILES_MAX_PAGES 3

/* Path of file @nr below @root, and of its directory. */
void files_path(char *path, size_t size, const char *root, unsigned int dir,
		unsigned int nr);
void files_dir(char *path, size_t size, const char *root, unsigned int dir);

/* What page_fill() takes as the seed for a file, and how long the file is. */
uint64_t files_seed(unsigned int dir, unsigned int nr);
unsigned int files_pages(unsigned int dir, unsigned int nr);

#endif
