# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's source tree with the series applied. Sourced, with $top set.

# shellcheck disable=SC2154 # top is set by who sources this
series_dir=$top/kernel/patches/6.12
source_archive=/usr/src/linux-source-6.12.tar.xz

source_version() {
	dpkg-query -W -f '${Version}\n' linux-source-6.12
}

series() {
	find "$series_dir" -name '*.patch' | LC_ALL=C sort
}

series_hash() {
	series | while IFS= read -r patch; do
		# The content only: a new date or message builds the same.
		sed -n '/^diff --git/,$p' "$patch"
	done | grep -vE '^(index |-- $|[0-9.]+$)' | sha256sum
}

source_unpack() { # SRC
	echo "kernel: unpacking $source_archive" >&2
	rm -rf "$1" "$1.tmp"
	mkdir -p "$1.tmp"
	tar -xf "$source_archive" -C "$1.tmp" --strip-components=1
	source_version > "$1.tmp/.contig-version"
	mkdir "$1.tmp/.contig-applied"
	mv "$1.tmp" "$1"
}

# source_prepare_plain SRC: SRC is the source without a patch of ours.
source_prepare_plain() {
	[ "$(cat "$1/.contig-version" 2> /dev/null)" = "$(source_version)" ] ||
		source_unpack "$1"
}

# Lines may have moved since the series was made, nothing else.
series_apply() { # SRC PATCH
	if ! patch -d "$1" -p1 -F0 -N -s -r - --no-backup-if-mismatch < "$2" >&2
	then
		echo "kernel: ${2#"$top/"} does not apply without fuzz to" \
			"linux-source-6.12 $(source_version)" >&2
		return 1
	fi
	cp "$2" "$1/.contig-applied/"
}

# The files that some patches name, as paths in the source tree.
series_files() { # PATCH...
	[ $# -gt 0 ] || return 0
	sed -nE 's,^(---|\+\+\+) [ab]/([^[:space:]]+).*,\2,p' "$@" |
		LC_ALL=C sort -u
}

# source_prepare SRC [PATCH...]: unpacks if need be and makes SRC have exactly
# these patches, all of the series without any.
source_prepare() {
	local src=$1 patch file saved
	local -a wanted applied
	shift
	if [ $# -gt 0 ]; then
		wanted=("$@")
	else
		mapfile -t wanted < <(series)
		if [ ${#wanted[@]} = 0 ]; then
			echo "kernel: no patches in $series_dir" >&2
			return 1
		fi
	fi
	# .contig-busy is there while patches are taken off and put on: a tree
	# left like that is of no use.
	if [ "$(cat "$src/.contig-version" 2>/dev/null)" != \
	     "$(source_version)" ] || [ -e "$src/.contig-busy" ]; then
		source_unpack "$src" || return 1
	fi
	mapfile -t applied < <(find "$src/.contig-applied" -name '*.patch' |
		LC_ALL=C sort)
	if cmp -s <(cat "${applied[@]}" /dev/null) <(cat "${wanted[@]}"); then
		return 0
	fi
	echo "kernel: applying ${#wanted[@]} patches" >&2
	: > "$src/.contig-busy"
	saved=$(mktemp -d)
	series_files "${applied[@]}" "${wanted[@]}" |
		while IFS= read -r file; do
			[ ! -e "$src/$file" ] || echo "$file"
		done > "$saved/list"
	tar -C "$src" -cf - -T "$saved/list" | tar -C "$saved" -xf -
	printf '%s\n' "${applied[@]}" | tac | while IFS= read -r patch; do
		[ -n "$patch" ] || continue
		patch -d "$src" -p1 -F0 -R -s --no-backup-if-mismatch \
			< "$patch" >&2
		rm "$patch"
	done
	for patch in "${wanted[@]}"; do
		series_apply "$src" "$patch" || return 1
	done
	while IFS= read -r file; do
		if cmp -s "$saved/$file" "$src/$file"; then
			touch -r "$saved/$file" "$src/$file"
		fi
	done < "$saved/list"
	rm -rf "$saved" "$src/.contig-busy"
}
