// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of smaps, from a kernel and from nowhere. */
#include <errno.h>
#include <string.h>

#include "hv/smaps.h"
#include "tests/unit/hv_test.h"

static const char *const lines[] = {
	"7f0000000000-7f0040000000 rw-p 00000000 00:00 0 \n",
	"Size:            1048576 kB\n",
	"KernelPageSize:        4 kB\n",
	"Rss:              300000 kB\n",
	"AnonHugePages:    204800 kB\n",
	"ShmemPmdMapped:        0 kB\n",
	"FilePmdMapped:         0 kB\n",
	"Private_Hugetlb:       0 kB\n",
	"VmFlags: rd wr mr mw me dc ac sd hg mg\n",
	"7f0040000000-7f0080000000 rw-s 00000000 00:0f 2  /dev/hugepages/x\n",
	"KernelPageSize:     2048 kB\n",
	"ShmemPmdMapped:     2048 kB\n",
	"VmFlags: rd wr sh mr mw me ms de ht sd\n",
};

static void mappings_are_read(void **state)
{
	struct smaps_parser parser;
	struct smaps_vma vmas[3];
	size_t found = 0;
	size_t i;
	int r;

	(void)state;
	smaps_parser_init(&parser);
	for (i = 0; i <= sizeof(lines) / sizeof(lines[0]); i++) {
		r = smaps_parse_line(
			&parser,
			i < sizeof(lines) / sizeof(lines[0]) ? lines[i] : NULL,
			&vmas[found]);
		assert_true(r >= 0);
		found += (size_t)r;
	}
	assert_int_equal(found, 2);
	assert_true(vmas[0].start.v == UINT64_C(0x7f0000000000));
	assert_int_equal(vmas[0].bytes, 1 << 30);
	assert_int_equal(vmas[0].rss_bytes, 300000 * 1024);
	assert_int_equal(vmas[0].huge_bytes, 204800 * 1024);
	assert_false(vmas[0].hugetlb);
	assert_false(vmas[0].shared);
	assert_int_equal(vmas[1].kernel_page_bytes, 2 << 20);
	assert_int_equal(vmas[1].huge_bytes, 2 << 20);
	assert_true(vmas[1].hugetlb);
	assert_true(vmas[1].shared);
	assert_int_equal(smaps_parse_line(&parser, NULL, &vmas[2]), 0);
}

static void other_lines_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "xyz", "7f00-", "7f00-7e00 rw-p 0 0 0", "7f00-8000",
		"7f00-8000 hello", "10000000000000000-2 rw-p 0 0 0",
		"Rss: 1 kB", /* before any mapping */
	};
	struct smaps_parser parser;
	struct smaps_vma vma;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		smaps_parser_init(&parser);
		assert_int_equal(smaps_parse_line(&parser, wrong[i], &vma),
				 -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mappings_are_read),
		TEST(other_lines_are_refused),
	};

	return RUN(tests);
}
