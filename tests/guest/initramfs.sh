#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# initramfs.sh OUT INIT PROGRAM...: busybox, INIT as /init, and the programs,
# without their debugging symbols, in /bin.
set -euo pipefail

out=$1
init=$2
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,proc,sys,dev,tmp,run,mnt}
install -m 755 /bin/busybox "$root/bin/busybox"
install -m 755 "$init" "$root/init"
for program; do
	copy=$root/bin/$(basename "$program")
	install -m 755 "$program" "$copy"
	if [ "$(head -c 2 "$copy")" != '#!' ]; then
		strip "$copy"
	fi
done
(cd "$root" && find . -print0 | LC_ALL=C sort -z |
	cpio -o -H newc -0 --quiet -R 0:0) > "$out.tmp"
mv "$out.tmp" "$out"
