#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The house rules, and that the program that looks for them sees each of them
# broken: a lint that can't fail says nothing.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lint/files.sh
source "$top/tests/lint/files.sh"

cd "$top" || bail "no $top"
tree_files > "$tap_dir/files"
cmp_ok "$(wc -l < "$tap_dir/files")" -gt 100 "the tree's files are found"

# Its last words and its status count too: one that died has found nothing.
rules() { # FILE...
	printf '%s\n' "$@" |
		xargs -d '\n' "$top/tests/lint/house-rules.pl" 2>&1
}

mapfile -t files < "$tap_dir/files"
broken=$(rules "${files[@]}")
is "$?:$broken" "0:" "the house rules hold in all of them"

# breaks RULE FILE LINES: these lines, in a file of that name, break that rule;
# with a reason on the line before, they are let through.
breaks() {
	local rule=$1 file=$2 lines=$3 head found
	case $file in
	*.c | *.h) head='// SPDX-License-Identifier: GPL-2.0-or-later' ;;
	*) head='# SPDX-License-Identifier: GPL-2.0-or-later' ;;
	esac
	mkdir -p "$tap_dir/bad/$(dirname "$file")"
	cd "$tap_dir/bad" || return
	printf '%s\n' "$head" "$lines" > "$file"
	found=$(rules "$file")
	like "$?:$found" "^123:$file:2: \\[$rule\\] [a-z()A-Z0-9]+" \
		"$rule: '${lines:0:50}' is seen"
	printf '%s\n' "$head" "# lint-ok($rule): a test" "$lines" > "$file"
	found=$(rules "$file")
	is "$?:$found" "0:" "$rule: let through where a reason is given"
	cd "$top" || return
}

breaks one-includer hv/x.c '#include "kernel/uapi/linux/coalesce.h"'
breaks one-includer hv/x.c '#include <numaif.h>'
breaks one-includer guest-agent/x.c '#include <libvirt/libvirt.h>'
breaks machine-path hv/x.c 'const char *p = "/home/someone/x";'
breaks unfinished hv/x.c '/* TODO: later */'
breaks trailing-space hv/x.c 'int x; '
breaks tabs hv/x.c '        int x;'
breaks tabs tests/x.sh '    true'
breaks sleep tests/x.t 'sleep 1'
breaks sleep hv/x.c '	usleep(10);'
breaks string hv/x.c '	sprintf(buf, "%d", x);'
breaks number proto/x.c '	x = atoi(text);'
breaks clock hv/x.c '	clock_gettime(CLOCK_REALTIME, &ts);'
breaks exit hv/x.c '	exit(1);'
breaks bug kernel/x.patch '+	BUG_ON(page);'
breaks width hv/x.c "int $(printf 'x%.0s' {1..90});"
breaks cloexec hv/x.c '	fd = open(path, O_RDONLY);'
breaks cloexec hv/x.c '	fd = accept(listener, NULL, NULL);'
breaks cloexec hv/x.c '	f = fopen(path, "r");'

cd "$tap_dir/bad" || bail "no $tap_dir/bad"
for file in x.c .ci/run tests/guest/init tests/guest/tell README.md .clang-tidy; do
	mkdir -p "$(dirname "$file")"
	printf 'x\n' > "$file"
	like "$(rules "$file")" "^$file:1: \\[spdx\\]" \
		"spdx: $file without a licence is seen"
done
for file in kernel/x.patch .gitignore tests/unit/hv_samples/x.mtree; do
	mkdir -p "$(dirname "$file")"
	printf 'x\n' > "$file"
	is "$(rules "$file")" "" "spdx: $file needs none"
done

printf 'x\n' > 'a file'
like "$(rules 'a file')" '^a file:1: \[spdx\]' \
	"a name with a space is one name"
found=$(rules nonexistent)
like "$?:$found" '^[1-9][0-9]*:nonexistent: No such file' \
	"that the program which looks died is seen"

done_testing
