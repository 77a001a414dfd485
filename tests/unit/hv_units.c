// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and sizes as people write them; what is printed of them. */
#include <errno.h>
#include <string.h>

#include "hv/failure.h"
#include "hv/units.h"
#include "tests/unit/hv_test.h"

static void numbers_are_read(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(units_parse_u64("0", 10, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(units_parse_u64("0x1f", 100, &value), 0);
	assert_int_equal(value, 31);
	assert_int_equal(units_parse_u64("18446744073709551615", UINT64_MAX,
					 &value),
			 0);
	assert_true(value == UINT64_MAX);
}

static void other_things_are_no_numbers(void **state)
{
	static const char *const wrong[] = { "",    "-1", "+1", " 1", "1 ",
					     "0x",  "x1", "1e3", "0x-1",
					     "1.5", "--" };
	uint64_t value = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(units_parse_u64(wrong[i], UINT64_MAX, &value),
				 -EINVAL);
	assert_int_equal(units_parse_u64("11", 10, &value), -ERANGE);
	assert_int_equal(units_parse_u64("18446744073709551616", UINT64_MAX,
					 &value),
			 -ERANGE);
	assert_int_equal(value, 7);
}

static void sizes_are_read(void **state)
{
	uint64_t bytes;

	(void)state;
	assert_int_equal(units_parse_size("2M", &bytes), 0);
	assert_int_equal(bytes, 2 << 20);
	assert_int_equal(units_parse_size("1g", &bytes), 0);
	assert_int_equal(bytes, 1 << 30);
	assert_int_equal(units_parse_size("4096", &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(units_parse_size("16777216T", &bytes), -ERANGE);
	assert_int_equal(units_parse_size("1MB", &bytes), -EINVAL);
	assert_int_equal(units_parse_size("M", &bytes), -EINVAL);
}

static void orders_are_those_of_regions(void **state)
{
	uint8_t order;

	(void)state;
	assert_int_equal(units_parse_order("2M", &order), 0);
	assert_int_equal(order, 9);
	assert_int_equal(units_parse_order("1G", &order), 0);
	assert_int_equal(order, 18);
	assert_int_equal(units_parse_order("1M", &order), -ERANGE);
	assert_int_equal(units_parse_order("3M", &order), -ERANGE);
	assert_int_equal(units_parse_order("2G", &order), -ERANGE);
	assert_int_equal(units_parse_order("0", &order), -ERANGE);
}

static void ranges_have_an_end_after_their_start(void **state)
{
	struct gpa start;
	uint64_t bytes;

	(void)state;
	assert_int_equal(units_parse_range("0x1000-2M", &start, &bytes), 0);
	assert_int_equal(start.v, 4096);
	assert_int_equal(bytes, (2 << 20) - 4096);
	assert_int_equal(units_parse_range("2M-2M", &start, &bytes), -EINVAL);
	assert_int_equal(units_parse_range("2M-1M", &start, &bytes), -EINVAL);
	assert_int_equal(units_parse_range("2M", &start, &bytes), -EINVAL);
	assert_int_equal(units_parse_range("1-2-3", &start, &bytes), -EINVAL);
	assert_int_equal(units_parse_range("-2M", &start, &bytes), -EINVAL);
}

static void sizes_are_written(void **state)
{
	char text[UNITS_TEXT_BYTES];

	(void)state;
	assert_string_equal(units_format_bytes(0, text), "0 B");
	assert_string_equal(units_format_bytes(2 << 20, text), "2 MiB");
	assert_string_equal(units_format_bytes(1536, text), "1.5 KiB");
	assert_string_equal(units_format_bytes(UINT64_MAX, text), "16 EiB");
}

static void failures_steer_no_terminal(void **state)
{
	struct failure failure;

	(void)state;
	failure_set(&failure, EXIT_FAILED, "a%sb", "\033[2J\n\x80");
	assert_string_equal(failure.text, "a?[2J??b");
	failure_set(&failure, EXIT_USAGE, "%0600d", 0);
	assert_int_equal(strlen(failure.text), FAILURE_TEXT_BYTES - 1);
	assert_int_equal(failure.exit, EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_are_read),
		TEST(other_things_are_no_numbers),
		TEST(sizes_are_read),
		TEST(orders_are_those_of_regions),
		TEST(ranges_have_an_end_after_their_start),
		TEST(sizes_are_written),
		TEST(failures_steer_no_terminal),
	};

	return RUN(tests);
}
