/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What test programs write into each page, so that a page that was lost,
 * swapped with another or copied half is seen.
 */
#ifndef CONTIG_TESTS_GUEST_PAGE_H
#define CONTIG_TESTS_GUEST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))

/* A good 64-bit hash of two numbers. */
uint64_t page_hash(uint64_t seed, uint64_t index);

/* Words that follow from @seed and @index, then a checksum of them. */
void page_fill(void *page, uint64_t seed, uint64_t index);

/* Every word is looked at. */
bool page_is_right(const void *page, uint64_t seed, uint64_t index);

#endif
