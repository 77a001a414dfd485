// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/files.h"

#include <stdio.h>

#include "tests/guest/common/page.h"

void files_dir(char *path, size_t size, const char *root, unsigned int dir)
{
	snprintf(path, size, "%s/d%03u", root, dir);
}

void files_path(char *path, size_t size, const char *root, unsigned int dir,
		unsigned int nr)
{
	snprintf(path, size, "%s/d%03u/f%03u", root, dir, nr);
}

uint64_t files_seed(unsigned int dir, unsigned int nr)
{
	return page_hash(dir, nr);
}

/* Half of them have one page, the others two or three. */
unsigned int files_pages(unsigned int dir, unsigned int nr)
{
	unsigned int random = files_seed(dir, nr) % 4;

	return random < 2 ? 1 : random;
}
