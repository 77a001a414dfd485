/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page frames are behind a program's own memory. */
#ifndef CONTIG_GUEST_PAGEMAP_H
#define CONTIG_GUEST_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes the page frame of each of @nr pages from @start on, 0 where there is
 * none. Takes no memory but for the first call of a process. Ends the program
 * when it fails.
 */
void pagemap_frames(const void *start, size_t nr, uint64_t *frames);

#endif
