#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clang-tidy with .clang-tidy, and cppcheck, over all C files; both must also
# find what is wrong in a file that has something wrong.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lint/files.sh
source "$top/tests/lint/files.sh"

cd "$top" || bail "no $top"
flags=(-std=gnu11 -D_GNU_SOURCE "-I$top")
tree_files '*.c' > "$tap_dir/files"

tidy() { # FILE...
	local said status
	said=$(clang-tidy --quiet --config-file="$top/.clang-tidy" "$@" -- \
		"${flags[@]}" 2>&1)
	status=$?
	grep -E ': (error|warning): ' <<< "$said" | sort -u
	# One that died has found nothing, and must not be taken for content.
	[ "${PIPESTATUS[0]}" = 0 ] || [ "$status" = 0 ] ||
		printf 'clang-tidy ended with %s: %s\n' "$status" "$said"
}

check_c() { # FILE...
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem \
		--suppress=unknownEvaluationOrder \
		-D_GNU_SOURCE "-I$top" -j "$(nproc)" "$@" 2>&1
}

# As many at a time as there are processors, each with a few files.
tidy_all() {
	export -f tidy
	export top
	xargs -d '\n' -P "$(nproc)" -n 4 bash -c \
		'flags=(-std=gnu11 -D_GNU_SOURCE "-I$top"); tidy "$@"' tidy \
		< "$tap_dir/files"
}

is "$(tidy_all)" "" "clang-tidy finds nothing in $(wc -l \
	< "$tap_dir/files") files"
mapfile -t files < "$tap_dir/files"
found=$(check_c "${files[@]}")
is "$?:$found" "0:" "cppcheck finds nothing"

cat > "$tap_dir/bad.c" <<'C'
#include <stdlib.h>
#include <string.h>

int bad(int n)
{
	char *text = malloc(10);
	int numbers[4] = { 0 };

	if (n > 3)
		return numbers[4];
	memset(text, 10, 0);
	return 0;
}
C
like "$(tidy "$tap_dir/bad.c")" 'clang-analyzer-unix.Malloc' \
	"clang-tidy sees a leak"
like "$(check_c "$tap_dir/bad.c")" 'arrayIndexOutOfBounds' \
	"cppcheck sees an index out of bounds"

done_testing
