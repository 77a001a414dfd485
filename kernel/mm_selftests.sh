# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's own tests of its memory management. Sourced.
#
#   mm_selftests         the names of those that concern what contig does
#   mm_selftests_build SRC OUT DEST
#                        builds them from the source SRC, which is configured in
#                        OUT, as static programs into the folder DEST

mm_selftests() {
	printf '%s\n' compaction_test migration khugepaged transhuge-stress \
		hugetlb-madvise split_huge_page_test ksm_tests \
		ksm_functional_tests
}

# By hand: their makefile builds all or nothing, and nothing static. That
# kselftest.h is missing in khugepaged.c is the only thing to add.
mm_selftests_build() { # SRC OUT DEST
	local mm=$1/tools/testing/selftests/mm test log=$2/mm_selftests.log

	mkdir -p "$3"
	make -s -C "$1" O="$2" headers > "$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
	for test in $(mm_selftests); do
		gcc -static -O2 -w -U_FORTIFY_SOURCE -D_GNU_SOURCE= \
			-isystem "$2/usr/include" -I"$1" -I"$mm" -I"$mm/.." \
			-I"$1/tools/include" -include "$mm/../kselftest.h" \
			-o "$3/$test" "$mm/$test.c" "$mm/vm_util.c" \
			"$mm/thp_settings.c" -lnuma -lrt -lm -pthread \
			>> "$log" 2>&1 || {
			tail -n 20 "$log" >&2
			return 1
		}
	done
}
