#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that hardware has found broken: no region is made with such a page in it,
# and the answer says so. Of a region that is given back the page stays out of use,
# and nothing else does.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=poison
# Where the kernel itself is must not be left to chance: not in ZONE_MOVABLE.
guest_start "$guest" --kernel debug --mem 768 \
	--append 'movablecore=512M nokaslr'
movable=$(run 'cat /proc/zoneinfo' | awk '/, zone +Movable/ { here = 1 }
	here && /start_pfn/ { print $2; exit }')
memory=$(run 'cat /sys/devices/system/memory/block_size_bytes')
memory=$((0x$memory / 4096))

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
# Two in the same part of ZONE_MOVABLE.
first=$(((movable + memory - 1) / memory * memory))
ok "two regions are held" hold_regions --count 2 --range "$first+$memory"
gfn=$(first_region "$held")
break_page $((gfn + 100))
is "$(meminfo HardwareCorrupted)" 8 "a page that is held breaks"
ok "both are given back" give_back
no_region "held"

# free_pages GFN NR: how many of these are free. (KPF_BUDDY)
free_pages() {
	run "coalesce state > /dev/null; memlook --pages $1 $2" |
		while read -r _ flags _; do
			echo $((0x${flags#flags=} >> 10 & 1))
		done | grep -c 1
}
is "$(free_pages $((gfn + 100)) 1)" 0 "it is never free again"
cmp_ok "$(free_pages "$gfn" 512)" -gt 0 "others of its block are"
out=$(run 'coalesce request --count 1000')
is "$(awk -v gfn="$gfn" '$1 == "region" && $3 == gfn' <<< "$out")" "" \
	"nor is it part of a region"
cmp_ok "$(value_of shortfall_poison "$out")" -ge 2 "which is said of both blocks"
# Regression: a block that stayed out of use as a whole was waited for for ever.
block=/sys/devices/system/memory/memory$((first / memory))
is "$(run --timeout 300 "echo offline > $block/state && cat $block/state")" \
	offline "that memory can be taken offline"

# ----- while a large region is made -------------------------------------------------
order=13
first=$((first + memory))
out=$(run --timeout 300 "coalesce request --count 1 --order $order \
	--range $first+$((1 << order)) --break-at 1000")
is "$(meminfo HardwareCorrupted)" 12 "a page of a block that was emptied breaks"
cmp_ok "$(value_of moves_done "$out")" -gt 1000 "while others are emptied"
is "$(value_of made "$out") $(value_of shortfall_poison "$out")" "0 1" \
	"the large region is not made, and that is why" ||
	diag "$(grep -v ^region <<< "$out")"
is "$(free_pages "$first" 1)" 0 "that page is never free again"
cmp_ok "$(free_pages "$first" 512)" -gt 0 "others of its block are"
no_holes "broken pages"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
