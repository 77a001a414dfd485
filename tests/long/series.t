#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel builds after each patch of the series, without a warning, and
# sparse has nothing to say of the files that the series adds.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=kernel/source.sh
source "$top/kernel/source.sh"
# shellcheck source=kernel/config.sh
source "$top/kernel/config.sh"

# Under make its job server is inherited, of which a submake with -j warns.
unset MAKEFLAGS MFLAGS

# A tree of its own: builds of the images may run meanwhile.
work=$build/kernel/series
src=$work/linux
out=$work/out
mkdir -p "$out"
exec 8> "$work/lock"
flock 8

build_image() { # MAKE-ARGUMENTS...
	make -C "$src" O="$out" -j"$(nproc)" "$@" > "$out/build.log" 2>&1 || {
		diag "$(grep -E -m 5 -A 5 'error:|Error [0-9]' "$out/build.log")"
		return 1
	}
}

mapfile -t patches < <(series)
cmp_ok "${#patches[@]}" -gt 0 "there is a series"
for ((n = 1; n <= ${#patches[@]}; n++)); do
	name=$(basename "${patches[n - 1]}" .patch)
	ok "$name: applies" source_prepare "$src" "${patches[@]:0:n}"
	# What the series brings is switched on as soon as it can be.
	kernel_configure "$src" "$out" debug partial || die "no configuration"
	ok "$name: builds" build_image bzImage
	is "$(grep -E ': warning:' "$out/build.log")" "" \
		"$name: builds without a warning"
done
grep -qx CONFIG_COALESCE=y "$out/.config" ||
	fail "the whole series is switched on"

# C=2 looks at files that are built already, too.
sparse_says() {
	build_image C=2 CF=-fdiagnostic-prefix=sparse "$@"
	grep -E 'sparse: .*(warning|error):' "$out/build.log"
}
is "$(sparse_says mm/coalesce/)" "" "sparse finds nothing in mm/coalesce"
cat > "$src/mm/coalesce/bad.c" <<'C'
#include <linux/types.h>
int coalesce_bad(int __user *p);
int coalesce_bad(int __user *p) { return *p; }
C
like "$(sparse_says mm/coalesce/bad.o)" 'different address space|dereference of noderef' \
	"sparse sees a bad pointer"
rm -f "$src/mm/coalesce/bad.c"

done_testing
