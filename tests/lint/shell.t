#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All shell scripts, whatever they are called, pass shellcheck.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lint/files.sh
source "$top/tests/lint/files.sh"

cd "$top" || bail "no $top"

# SC1091, SC2154: files that are sourced by a computed path; each is checked by
#   itself. SC2034: what they set is used by who sources them.
# SC2016: commands for the guest's shell stand in single quotes on purpose.
# SC2054: QEMU's options have commas. SC2119: "$@" of functions that may have
#   none. SC2317: called by name, by wait_for.
check_shell() {
	shellcheck -x -f gcc -e SC1091,SC2154,SC2034,SC2016,SC2054,SC2119,SC2317 "$@" 2>&1
}

mapfile -t scripts < <(tree_files | while IFS= read -r file; do
	head -c 40 "$file" | head -n 1 | grep -qaE '^#!.*sh$|shellcheck shell' &&
		echo "$file"
done)
cmp_ok "${#scripts[@]}" -gt 15 "the scripts are found"
found=$(check_shell "${scripts[@]}")
is "$?:$found" "0:" "shellcheck finds nothing"
printf '#!/bin/bash\nrm -rf $1/*\n' > "$tap_dir/bad.sh"
like "$(check_shell "$tap_dir/bad.sh")" 'SC2115|SC2086' \
	"shellcheck sees an unquoted path"

done_testing
