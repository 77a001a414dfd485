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
broken=$(xargs tests/lint/house-rules.pl < "$tap_dir/files")
is "$broken" "" "the house rules hold in all of them"

# breaks RULE FILE LINES: these lines, in a file of that name, break that rule;
# with a reason on the line before, they are let through.
breaks() {
	local rule=$1 file=$2 lines=$3 head
	case $file in
	*.c | *.h) head='// SPDX-License-Identifier: GPL-2.0-or-later' ;;
	*) head='# SPDX-License-Identifier: GPL-2.0-or-later' ;;
	esac
	mkdir -p "$tap_dir/bad/$(dirname "$file")"
	cd "$tap_dir/bad" || return
	printf '%s\n' "$head" "$lines" > "$file"
	like "$("$top/tests/lint/house-rules.pl" "$file")" \
		"^$file:2: \\[$rule\\] [a-z()A-Z0-9]+" \
		"$rule: '${lines:0:50}' is seen"
	printf '%s\n' "$head" "# lint-ok($rule): a test" "$lines" > "$file"
	is "$("$top/tests/lint/house-rules.pl" "$file")" "" \
		"$rule: let through where a reason is given"
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

printf 'int x;\n' > "$tap_dir/bad/x.c"
like "$(cd "$tap_dir/bad" && "$top/tests/lint/house-rules.pl" x.c)" \
	'x.c:1: \[spdx\]' "spdx: a file without a licence is seen"

done_testing
