/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of hv/ have in common. */
#ifndef CONTIG_TESTS_UNIT_HV_TEST_H
#define CONTIG_TESTS_UNIT_HV_TEST_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(function) cmocka_unit_test(function)

#define RUN(tests)                                           \
	(cmocka_set_message_output(CM_OUTPUT_TAP),           \
	 cmocka_run_group_tests(tests, NULL, NULL))

#endif
