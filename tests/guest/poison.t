#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that hardware has found broken: no region is made with such a page in it,
# and the answer says so. A held region with one is never used again when it is
# released.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=poison
guest_start "$guest" --kernel debug --mem 512

# As the hypervisor's machine check does it.
break_page() { # GFN
	run "echo $(($1 << 12)) > /sys/devices/system/memory/hard_offline_page"
}

first_region() { # OUTPUT
	awk '$1 == "region" { print $3; exit }' <<< "$1"
}

# no_region WHAT: there is none at $gfn, for that reason.
no_region() {
	local strategy out
	for strategy in cost freelist; do
		out=$(run "coalesce request --count 1 --range $gfn+512 \
			--strategy $strategy")
		is "$(value_of made "$out")" 0 "$1: $strategy makes no region"
		[ "$strategy" = freelist ] ||
			is "$(value_of shortfall_poison "$out")" 1 \
				"$1: and says why"
		is "$(value_of moves_done "$out")" 0 "$1: nor moves a page"
	done
}

is "$(meminfo HardwareCorrupted)" 0 "no memory is broken"

# ----- free, or in use ------------------------------------------------------------
gfn=$(first_region "$(run 'coalesce request --count 1')")
break_page $((gfn + 100))
is "$(meminfo HardwareCorrupted)" 4 "a page that is free breaks"
no_region "free"

# ----- held -----------------------------------------------------------------------
holes --percent 60
ok "two regions are held" hold_regions --count 2
gfn=$(first_region "$held")
break_page $((gfn + 100))
is "$(meminfo HardwareCorrupted)" 8 "a page that is held breaks"
ok "both are given back" give_back
no_region "held"
# KPF_BUDDY
is "$(run "coalesce state > /dev/null; memlook --pages $gfn 512" |
	while read -r _ flags _; do
		echo $((0x${flags#flags=} >> 10 & 1))
	done | sort -u)" 0 "no page of its block is ever free again"
out=$(run 'coalesce request --count 1000')
is "$(awk -v gfn="$gfn" '$1 == "region" && $3 == gfn' <<< "$out")" "" \
	"nor part of a region"
cmp_ok "$(value_of shortfall_poison "$out")" -ge 2 "which is said of both blocks"
no_holes "broken pages"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
