#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel series: applies without fuzz, passes checkpatch --strict, and makes
# the UAPI header that the rest of the tree is built with.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=kernel/source.sh
source "$top/kernel/source.sh"

# checkpatch wants MAINTAINERS changed with each new file, even where a folder
# of it stands there already: what it means is checked below for the series.
# TRACE_EVENT() and struct_group_tagged() have layouts of their own, which
# checkpatch does not know.
check_patch() { # PATCH
	local ignore=FILE_PATH_CHANGES

	! grep -q '^+TRACE_EVENT(' "$1" ||
		ignore+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT
	! grep -q '^+.*struct_group_tagged(' "$1" ||
		ignore+=,PARENTHESIS_ALIGNMENT
	(cd "$build/kernel/linux" && scripts/checkpatch.pl --strict --terse \
		--no-summary --ignore "$ignore" "$1" 2>&1)
}

# The files that the series adds and that no F: line of MAINTAINERS covers.
without_maintainer() {
	local file pattern

	series | xargs grep -hA1 '^--- /dev/null' |
		sed -n 's,^+++ b/,,p' | sort -u |
		while IFS= read -r file; do
			while IFS= read -r pattern; do
				case $file in
				"$pattern" | "${pattern%/}"/*) continue 2 ;;
				esac
			done < <(sed -n 's/^F:[[:space:]]*//p' \
				"$build/kernel/linux/MAINTAINERS" |
				grep -F coalesce)
			echo "$file"
		done
}

# Under the lock that builds take, so that none runs in the same tree.
mkdir -p "$build/kernel"
exec 8> "$build/kernel/source.lock"
flock 8
ok "the series applies to linux-source-6.12 without fuzz" \
	source_prepare "$build/kernel/linux"
is "$(cat "$build/kernel/linux/include/uapi/linux/coalesce.h")" \
	"$(cat "$top/kernel/uapi/linux/coalesce.h")" \
	"kernel/uapi has the header that the series makes"
number=0
while IFS= read -r patch; do
	number=$((number + 1))
	like "$(basename "$patch")" "^$(printf %04d "$number")-" \
		"$(basename "$patch"): next in order"
	is "$(check_patch "$patch")" "" \
		"$(basename "$patch"): checkpatch --strict finds nothing"
done < <(series)
is "$(without_maintainer)" "" "each new file has a maintainer"
printf -- '--- a/x.c\n+++ b/x.c\n@@ -0,0 +1 @@\n+int  x=1 ;\n' \
	> "$tap_dir/bad.patch"
like "$(check_patch "$tap_dir/bad.patch")" 'ERROR' \
	"checkpatch sees a bad patch"

done_testing
