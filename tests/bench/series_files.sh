#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# series_files.sh DIR FILE...: puts files that the kernel series adds, with all
# that later patches of it change in them, into DIR under their paths in the
# kernel's source, and only those.
set -euo pipefail

usage="usage: series_files.sh DIR FILE..."
dir=${1:?$usage}
shift
series=$PWD/kernel/patches/6.12
include=("${@/#/--include=}")

rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
# Inside a repository git would take DIR for a part of that one's tree.
export GIT_CEILING_DIRECTORIES=${PWD%/*}
for patch in "$series"/*.patch; do
	git apply "${include[@]}" "$patch"
done
for file; do
	if [ ! -e "$file" ]; then
		echo "series_files: the series has no $file" >&2
		exit 1
	fi
done
