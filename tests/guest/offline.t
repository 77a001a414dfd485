#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that the kernel goes on trying to take offline, because a page of it is
# pinned: nobody who asks for regions waits for that, longer than allowed.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"

guest_start g --mem 640 --append movablecore=128M
run() {
	guest_run g "$@"
}

# ----- ZONE_MOVABLE, from the command line ----------------------------------------
# The only block of it, of 128 MiB.
block_bytes=$((0x$(run 'cat /sys/devices/system/memory/block_size_bytes')))
pages=$((block_bytes / 4096))
block=$(run 'grep -l Movable /sys/devices/system/memory/memory*/valid_zones' |
	sed -n 's,.*/memory\([0-9]*\)/.*,\1,p')
like "$block" '^[0-9]+$' "one block of memory is in ZONE_MOVABLE"
first=$((block * pages))
memory=/sys/devices/system/memory/memory$block/state

# Has the pages of one of its regions, and pins one of them.
pinned=$(run 'pin /tmp/pin --place 3 --percent 30')
pin=$(value_of pinned "$pinned")
cmp_ok "$pin" -ge "$first" "a page of it is pinned" || diag "$pinned"
cmp_ok "$pin" -lt $((first + pages)) "which is in it"
regions=$((pages / 512))
out=$(run --timeout 300 "coalesce request --count $regions --range $first+$pages")
is "$(value_of made "$out")" $((regions - 1)) "all other regions of it are made"
is "$(value_of shortfall_pinned "$out")" 1 "and that one is said to be pinned"

# ----- while it is on its way offline ----------------------------------------------
run "echo offline > $memory 2> /dev/null < /dev/null &
	echo \$! > /tmp/offline.pid"
state() {
	run "cat $memory"
}
going() {
	[ "$(state)" = going-offline ]
}
trying() { # it began long ago, and goes on
	going && sleep 1 && going
}
ok "the kernel tries to take it offline" wait_for 60 trying

out=$(run 'coalesce request --count 1')
is "$(value_of made "$out")" 0 "a request makes nothing meanwhile"
is "$(value_of shortfall_isolated "$out")" 1 "and says why"
like "$(run 'coalesce state')" '^total_pages=[0-9]+$' "the state is said"
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
	run 'grep -q "^State:.*S" /proc/$(cat /tmp/waits.pid)/status'
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

ok "and it can go offline" run --timeout 120 "echo offline > $memory"
out=$(run "coalesce request --count $regions --range $first+$pages")
is "$(value_of shortfall_too_small "$out")" "$regions" "then there is none of it"
ok "it comes back" run "echo online_movable > $memory"
out=$(run "coalesce request --count $regions --range $first+$pages")
is "$(value_of made "$out")" "$regions" "and so do its regions"
like "$(run 'tell /tmp/pin check')" 'wrong=0 ' \
	"memory of the program that was in it is right"
is "$(guest_oops g)" "" "the kernel has nothing to complain of"

done_testing
