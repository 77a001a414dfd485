/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of this process for the tests to back, split and look at. */
#ifndef CONTIG_TESTS_UNIT_HV_AREA_H
#define CONTIG_TESTS_UNIT_HV_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/hv_test.h"

#define RANGES 4

struct area {
	void *reserved;
	uint8_t *start; /* RANGES * 2 MiB, alone in its mapping */
};

int make_private(void **state);
int make_shared(void **state);
int unmake_area(void **state);

uint8_t *range_of(const struct area *area, int i);

/* All of it written, and behind one huge page. */
void make_huge(const struct area *area, int i);

/*
 * Reads all of range I. True if the zero page is behind it now, false where the
 * kernel gave it memory of its own: not every kernel maps the zero page.
 */
bool read_zeroes(const struct area *area, int i);

/* What is small stays so, but may be collapsed. */
void allow_huge(const struct area *area);

#define PRIVATE(function)                                       \
	cmocka_unit_test_setup_teardown(function, make_private, \
					unmake_area)
#define SHARED(function)                                       \
	cmocka_unit_test_setup_teardown(function, make_shared, \
					unmake_area)

#endif
