#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 50 requests and releases on the debug kernel, in a guest without swap, while
# programs write, fork, exit, lock, share, merge and truncate, and check every
# page of theirs.
#
# That no page leaked is told by page owner: once all is released and the programs
# have ended, no page may be left that mm/coalesce took, and all others together
# may be no more than before. What the kernel accounts for in /proc/meminfo is held against it, with more slack, for
# pages on per-CPU lists are in no account, nor are those where page owner and
# KASAN keep stacks that they see for the first time.
#
# /proc/allocinfo has what page owner does not tell: objects of caches.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"
source "$top/tests/lib/kv.sh"
source "$top/tests/lib/accounts.sh"
source "$top/tests/lib/page_owner.sh"

requests=50
# The shells and programs that look need some pages too; a leak of one page a
# request would be more.
slack_pages=$((requests / 2))
# Tens of thousands of pages are moved: a reference lost by one in fifty would
# show.
slack_accounts=500

guest_start g --kernel debug --mem 512 --disk 128 --append page_owner=on
guest_run g 'mount -t ext4 /dev/vda /mnt' || die "no disk in the guest"
guest_run g 'cd /sys/kernel/mm/ksm && echo 1000 > pages_to_scan && echo 1 > run'
is "$(guest_run g 'wc -l < /proc/swaps')" 1 "the guest has no swap"

# Once in vain, so that what is made on first use is there before the count.
guest_run g 'mix /tmp/mix --mib 12 --dir /mnt && tell /tmp/mix quit &&
	coalesce request --count 10' > /dev/null
before=$(accounted_pages g)
owner_before=$(page_owner g)

# Holes all over, so that most regions have to be made, by moving these pages
# and those that the programs take among them.
guest_run g 'fragment /tmp/frag --percent 75 --keep 30 &&
	mix /tmp/mix --mib 48 --dir /mnt' > /dev/null
# Two of three requests name a range, another one each time: what was made by
# the last one is free as a whole, and would do for the next one without a move.
blocks=$(value_of blocks "$(guest_run g 'coalesce state')")
range_blocks=24
made=0 moved=0 bad=0
rounds_before=$(value_of rounds "$(guest_run g 'tell /tmp/mix check')")
for ((i = 0; i < requests; i++)); do
	how="--count 40"
	case $((i % 3)) in
	0) [ $((i % 2)) = 1 ] || how="$how --strategy freelist" ;;
	*) how="--count $range_blocks --range $((
		(8 + i * 11 % (blocks - range_blocks - 8)) * 512))+$((
		range_blocks * 512))" ;;
	esac
	[ $((i % 5)) != 4 ] || how="$how --sync"
	out=$(guest_run g --timeout 300 "coalesce request $how --touch \
		--timeout-ns 100000000000")
	n=$(value_of made "$out")
	if [ -z "$n" ]; then
		bad=$((bad + 1))
		diag "request $i: $out"
		continue
	fi
	made=$((made + n))
	moved=$((moved + $(value_of moves_done "$out")))
done
is "$bad" 0 "$requests requests were answered"
note "$made regions made and released, $moved pages moved"
cmp_ok "$made" -gt $((requests * 15)) "regions were made all the while"
cmp_ok "$moved" -gt $((requests * 500)) "pages were moved all the while"

mix=$(guest_run g 'tell /tmp/mix check')
note "$mix"
# Each program has worked through its pages while requests ran: there are more
# of them until it has.
all_had_a_round() {
	[ "$(value_of rounds "$mix")" -ge $((rounds_before + 2)) ] && return
	guest_run g 'coalesce request --count 40 --touch' > /dev/null
	mix=$(guest_run g 'tell /tmp/mix check')
	false
}
ok "each program has worked through its pages" wait_for 300 all_had_a_round
like "$(guest_run g 'tell /tmp/frag check')" 'wrong=0$' \
	"memory at rest is the same"
guest_run g 'tell /tmp/frag quit' > /dev/null
mix=$(guest_run g 'tell /tmp/mix quit')
note "$mix"
cmp_ok "$(value_of checked "$mix")" -ge 100000 "100,000 pages were checked"
is "$(value_of wrong "$mix")" 0 "not one was wrong"
is "$(value_of died "$mix")" 0 "no program died"
cmp_ok "$(guest_run g 'cat /sys/kernel/mm/ksm/full_scans')" -ge 1 \
	"KSM was at work"

after=$(accounted_pages g)
owner_after=$(page_owner g)
cmp_ok "$((before - after))" -le "$slack_accounts" \
	"no page is missing in the accounts ($before, then $after)"
was=$(owned "$owner_before")
now=$(owned "$owner_after")
cmp_ok "$was" -gt 1000 "page owner is at work"
cmp_ok "$((now - was))" -le "$slack_pages" \
	"no page is left behind ($was allocated before, $now after)" ||
	diag "$(more_owned "$owner_before" "$owner_after")"
is "$(owned_by_coalesce "$owner_after")" "" \
	"no page is left that mm/coalesce has allocated"
cmp_ok "$(guest_run g "grep -c ' mm/coalesce/' /proc/allocinfo")" -ge 5 \
	"what mm/coalesce allocates is counted line by line"
is "$(allocated_by_coalesce g)" "" "none of it is left"
is "$(value_of held_regions "$(guest_run g 'coalesce state')")" 0 \
	"no region is held"
is "$(guest_oops g)" "" "no KASAN, lockdep or other report"

done_testing
