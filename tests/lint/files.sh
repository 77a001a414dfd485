# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tree_files [PATTERN...]: what the repository consists of, committed or about
# to be, as paths from its top; without pictures and seeds of fuzzers, which
# are data.
tree_files() {
	git -C "$top" ls-files -z --cached --others --exclude-standard -- "$@" |
		while IFS= read -r -d '' file; do
			case $file in
			LICENSES/* | */corpus/* | *.png | *.svg | *.bin) ;;
			*) [ ! -f "$top/$file" ] || printf '%s\n' "$file" ;;
			esac
		done
}
