#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest with ZONE_MOVABLE from its command line. What is taken below it leaves each
# zone what it needs. While the kernel goes on trying to take some of it offline,
# because a page there is pinned, nobody who asks for regions waits for that longer
# than allowed.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=offline
# Where the kernel itself is must not be left to chance: not in ZONE_MOVABLE.
guest_start "$guest" --mem 768 --append 'movablecore=384M nokaslr'

# ----- all that is below ZONE_MOVABLE -----------------------------------------------
movable=$(run 'cat /proc/zoneinfo' | awk '/, zone +Movable/ { here = 1 }
	here && /start_pfn/ { print $2; exit }')
is "$(short_zones)" "" "each zone has enough at first"
ok "a request takes all that is below ZONE_MOVABLE" \
	hold_regions --count 2000 --range "0+$movable"
all=$held
cmp_ok "$(value_of made "$all")" -ge 100 "many regions" || diag "$all"
cmp_ok "$(value_of shortfall_watermark "$all")" -ge 1 "up to the watermarks"
is "$(short_zones)" "" "each zone has enough"
# Regression: it looked for blocks, and chose none, for ever.
for how in '' --reclaim '--max-moves 1'; do
	out=$(run "coalesce request --count 1 --range 0+$movable $how")
	is "$(value_of made "$out") $(value_of shortfall_watermark "$out")" \
		"0 1" "another one has none there${how:+ ($how)}"
done
out=$(run "coalesce request --count 1")
is "$(value_of made "$out")" 1 "in ZONE_MOVABLE there is"
ok "all is given back" give_back

# ----- a pinned page of ZONE_MOVABLE ------------------------------------------------
block_bytes=$((0x$(run 'cat /sys/devices/system/memory/block_size_bytes')))
pages=$((block_bytes / 4096))
# Has all pages of a region in it, and pins one of them.
pinned=$(run 'pin /tmp/pin --place 3 --percent 25')
block=$(($(value_of pinned "$pinned") / pages))
first=$((block * pages))
memory=/sys/devices/system/memory/memory$block
is "$(run "cat $memory/valid_zones")" Movable \
	"a page of ZONE_MOVABLE is pinned"
regions=$((pages / 512))
out=$(run --timeout 300 "coalesce request --count $regions --range $first+$pages")
is "$(value_of made "$out")" $((regions - 1)) "all other regions of it are made"
[ "$(value_of made "$out")" = $((regions - 1)) ] ||
	diag "$pinned, $(grep -v ^region <<< "$out")"
is "$(value_of shortfall_pinned "$out")" 1 "and that one is said to be pinned"

# ----- while it is on its way offline ----------------------------------------------
run "echo offline > $memory/state 2> /dev/null < /dev/null &
	echo \$! > /tmp/offline.pid"
state() {
	run "cat $memory/state"
}
going() {
	[ "$(state)" = going-offline ]
}
ok "the kernel tries to take it offline" wait_for 60 going

out=$(run 'coalesce request --count 1')
is "$(value_of made "$out")" 0 "a request makes nothing meanwhile"
is "$(value_of shortfall_isolated "$out")" 1 "and says why"
like "$(run 'coalesce state')" 'total_pages=[0-9]+' "the state is said"
out=$(run 'coalesce request --count 2 --plan')
is "$(value_of made "$out") $(value_of shortfall_isolated "$out")" "0 2" \
	"a plan has none either"
out=$(run 'coalesce request --count 1 --sync --timeout-ns 300000000')
is "$(value_of shortfall_deadline "$out")" 1 \
	"one that may wait does so until its deadline"
cmp_ok "$(value_of elapsed_ns "$out")" -ge 300000000 "and not less"
run 'coalesce request --count 1 --sync > /tmp/waits 2>&1 < /dev/null &
	echo $! > /tmp/waits.pid'
waits() {
	run 'grep -q "^State:.*S" /proc/$(cat /tmp/waits.pid)/status' \
		2> /dev/null
}
ended() { # NAME
	run "! [ -e /proc/\$(cat /tmp/$1.pid) ]"
}
ok "without a deadline it waits" wait_for 30 waits
run 'kill $(cat /tmp/waits.pid)'
ok "and ends by a signal" wait_for 30 ended waits
ok "the kernel still tries" going

# ----- when that is over --------------------------------------------------------------
run 'coalesce request --count 1 --sync > /tmp/waits 2>&1 < /dev/null &
	echo $! > /tmp/waits.pid'
ok "another one waits" wait_for 30 waits
run 'kill $(cat /tmp/offline.pid)'
ok "the kernel gives up" wait_for 60 ended offline
ok "the request that waited ends" wait_for 60 ended waits
is "$(value_of made "$(run 'cat /tmp/waits')")" 1 "it has made its region"
is "$(state)" online "memory is as it was"
run 'tell /tmp/pin unpin' > /dev/null
out=$(run --timeout 300 "coalesce request --count $regions --range $first+$pages")
is "$(value_of made "$out")" "$regions" "every region of it is made, without a pin"

ok "and it can go offline" run --timeout 120 "echo offline > $memory/state"
out=$(run "coalesce request --count $regions --range $first+$pages")
is "$(value_of shortfall_too_small "$out")" "$regions" "then there is none of it"
ok "it comes back" run "echo online_movable > $memory/state"
out=$(run "coalesce request --count $regions --range $first+$pages")
is "$(value_of made "$out")" "$regions" "and so do its regions"
like "$(run 'tell /tmp/pin check')" 'wrong=0 ' \
	"memory of the program that was in it is right"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
