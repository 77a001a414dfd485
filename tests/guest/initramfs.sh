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
	strip -o "$root/bin/$(basename "$program")" "$program"
	chmod 755 "$root/bin/$(basename "$program")"
done
(cd "$root" && find . -print0 | LC_ALL=C sort -z |
	cpio -o -H newc -0 --quiet -R 0:0) > "$out.tmp"
mv "$out.tmp" "$out"
