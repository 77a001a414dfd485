#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkimage.sh MKFILES OUT MIB: an ext4 image of that size with the files that the
# program MKFILES makes. Nothing in it depends on when or where it was made, but
# for the order of files in a folder.
set -euo pipefail

mkfiles=$1
out=$2
mib=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

"$mkfiles" "$root"
find "$root" -exec touch -h -d @0 {} +
rm -f "$out.tmp"
truncate -s "${mib}M" "$out.tmp"
uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8
# No journal: the file system is only read.
E2FSPROGS_FAKE_TIME=1 /sbin/mkfs.ext4 -q -F -b 4096 -m 0 -N 26000 -U "$uuid" \
	-O ^has_journal -E "hash_seed=$uuid,lazy_itable_init=0,root_owner=0:0" \
	-d "$root" "$out.tmp"
mv "$out.tmp" "$out"
