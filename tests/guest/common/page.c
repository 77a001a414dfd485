// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/common/page.h"

#include <stddef.h>

/* Odd, so that no two words of a page are equal. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
uint64_t page_hash(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * STEP;

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void page_fill(void *page, uint64_t seed, uint64_t index)
{
	uint64_t *words = page, value = page_hash(seed, index), sum = 0;

	for (size_t i = 0; i < PAGE_WORDS - 1; i++) {
		words[i] = value;
		sum = (sum ^ value) * 3;
		value += STEP;
	}
	words[PAGE_WORDS - 1] = sum;
}

bool page_is_right(const void *page, uint64_t seed, uint64_t index)
{
	const uint64_t *words = page;
	uint64_t value = page_hash(seed, index), sum = 0, wrong = 0;

	for (size_t i = 0; i < PAGE_WORDS - 1; i++) {
		wrong |= words[i] ^ value;
		sum = (sum ^ words[i]) * 3;
		value += STEP;
	}
	return !(wrong | (sum ^ words[PAGE_WORDS - 1]));
}
