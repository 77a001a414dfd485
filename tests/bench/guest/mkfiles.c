// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mkfiles DIR - makes the files of files.h there
 *
 * Runs on the host, when the file system's image is built.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/bench/guest/files.h"
#include "tests/guest/common/page.h"

static void fail(const char *path)
{
	fprintf(stderr, "mkfiles: %s: %s\n", path, strerror(errno));
	exit(1);
}

static void make(const char *root, unsigned int dir, unsigned int nr)
{
	static uint64_t page[PAGE_WORDS];
	char path[4096];
	FILE *f;

	files_path(path, sizeof(path), root, dir, nr);
	f = fopen(path, "we");
	if (!f)
		fail(path);
	for (unsigned int i = 0; i < files_pages(dir, nr); i++) {
		page_fill(page, files_seed(dir, nr), i);
		if (fwrite(page, sizeof(page), 1, f) != 1)
			fail(path);
	}
	if (fclose(f))
		fail(path);
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 2) {
		fprintf(stderr, "usage: mkfiles DIR\n");
		return 2;
	}
	for (unsigned int dir = 0; dir < FILES_DIRS; dir++) {
		files_dir(path, sizeof(path), argv[1], dir);
		if (mkdir(path, 0755))
			fail(path);
		for (unsigned int nr = 0; nr < FILES_IN_DIR; nr++)
			make(argv[1], dir, nr);
	}
	return 0;
}
