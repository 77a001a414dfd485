#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh release|debug|plain: sees to it that build/kernel/VARIANT is a folder
# with bzImage, config and selftest of the guest kernel: Debian's
# linux-source-6.12 with kernel/patches/6.12 applied. "plain" is without the
# patches, for comparison, and has the kernel's own tests of its mm in mm/.
#
# Finished images are kept in ~/.cache/contig/kernel/KEY. KEY is a hash of all
# that an image depends on, so an image is never out of date: it is there or it
# is built. All runs of both variants share one unpacked source tree, which
# follows the patches: a file keeps its time stamp unless its content changed,
# so that after a change to the series only what depends on it is built again.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=kernel/source.sh
source "$top/kernel/source.sh"
# shellcheck source=kernel/config.sh
source "$top/kernel/config.sh"
# shellcheck source=kernel/mm_selftests.sh
source "$top/kernel/mm_selftests.sh"
cd "$top"

usage="usage: kernel/build.sh release|debug|plain"
variant=${1:?$usage}

mapfile -t fragments < <(kernel_fragments "$variant")
if [ ${#fragments[@]} = 0 ]; then
	echo "$usage" >&2
	exit 2
fi

# A change to how images are built changes their key by this number.
recipe=2

image_key() {
	{
		echo "recipe $recipe $variant"
		source_version
		gcc --version | head -n 1
		ld --version | head -n 1
		sha256sum "${fragments[@]#"$top/"}"
		if [ "$variant" = plain ]; then
			sha256sum kernel/mm_selftests.sh
		else
			series_hash
		fi
	} | sha256sum | cut -c 1-24
}

# A line of make's output is a file built: show how many, not which.
show_progress() { # LOG
	awk -v variant="$variant" -v log_file="$1" -v tty="$([ -t 2 ] &&
		echo 1 || echo 0)" '
	{ print > log_file }
	/^  (CC|AS|LD|AR) / { n++ }
	tty && n % 25 == 0 {
		printf "\rkernel %s: %d files built", variant, n > "/dev/stderr"
	}
	!tty && n && n % 500 == 0 && n != said {
		said = n
		printf "kernel %s: %d files built\n", variant, n > "/dev/stderr"
	}
	END { if (tty) printf "\n" > "/dev/stderr" }'
}

build() { # SRC OUT DEST
	local tmp=$3.tmp.$$ status=0

	echo "kernel $variant: building, a few minutes on many cores," \
		"ten on two" >&2
	make -C "$1" O="$2" -j"$(nproc)" KBUILD_BUILD_USER=contig \
		KBUILD_BUILD_HOST=contig KBUILD_BUILD_VERSION=1 \
		KBUILD_BUILD_TIMESTAMP=@0 LOCALVERSION=-contig-"$variant" \
		bzImage 2>&1 | show_progress "$2/build.log" || status=1
	if [ "$status" != 0 ]; then
		grep -E -m 20 -B 2 -A 6 'error:|Error [0-9]|undefined ref' \
			"$2/build.log" >&2 || tail -n 30 "$2/build.log" >&2
		echo "kernel $variant: failed, the log is $2/build.log" >&2
		return 1
	fi
	mkdir -p "$tmp"
	cp "$2/arch/x86/boot/bzImage" "$tmp/"
	cp "$2/.config" "$tmp/config"
	cp "$2/System.map" "$tmp/"
	# Kept with the image, so that who finds both needs no source.
	if [ "$variant" = plain ]; then
		mm_selftests_build "$1" "$2" "$tmp/mm"
	else
		gcc -static -O2 -Wall -I kernel/uapi -o "$tmp/coalesce_test" \
			"$1/tools/testing/selftests/coalesce/coalesce_test.c"
	fi
	mv -T "$tmp" "$3"
}

main() {
	local cache=${XDG_CACHE_HOME:-$HOME/.cache}/contig/kernel
	local work=$top/${BUILD:-build}/kernel
	local out=$work/out-$variant src=$work/linux dest

	dest=$cache/$(image_key)
	mkdir -p "$cache" "$work"
	if [ ! -e "$dest/bzImage" ]; then
		# Of two clones only one builds, the other then finds it.
		exec 9> "$dest.lock"
		flock -n 9 || {
			echo "kernel $variant: another build of it runs," \
				"waiting" >&2
			flock 9
		}
		if [ ! -e "$dest/bzImage" ]; then
			exec 8> "$work/source.lock"
			flock 8
			if [ "$variant" = plain ]; then
				src=$work/linux-plain
				source_prepare_plain "$src"
			else
				source_prepare "$src"
			fi
			mkdir -p "$out"
			kernel_configure "$src" "$out" "$variant"
			build "$src" "$out" "$dest"
			exec 8>&-
		fi
		rm -f "$dest.lock"
		exec 9>&-
	fi
	ln -sfnT "$dest" "$work/$variant"
}

# On one line: bash may find another file here when main has ended.
main; exit
