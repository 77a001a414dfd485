#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 50 requests and releases on the debug kernel, in a guest without swap, while
# programs write, fork, exit, lock, share, merge and truncate, and check every
# page of theirs.
#
# That no page leaked is told in two ways. Page owner knows where each page was
# allocated: once all is released and the programs have ended, none may be left
# that mm/coalesce took. And what the kernel accounts for (free, page cache,
# anonymous, slab, page tables, stacks, per-CPU) must add up to as much as at
# the start: a page that was taken off its list and forgotten is in no such
# account.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"
source "$top/tests/lib/kv.sh"
source "$top/tests/lib/accounts.sh"

requests=50
# Direct allocations of drivers and the page allocator's per-CPU caches come
# and go outside of every account; a leak of one page a request is more.
slack_pages=$((requests / 2))

guest_start g --kernel debug --mem 1024 --disk 256 --append page_owner=on
guest_run g 'mount -t ext4 /dev/vda /mnt' || die "no disk in the guest"
guest_run g 'cd /sys/kernel/mm/ksm && echo 1000 > pages_to_scan && echo 1 > run'
is "$(guest_run g 'wc -l < /proc/swaps')" 1 "the guest has no swap"

# Once in vain, so that what is made on first use is there before the count.
guest_run g 'mix /tmp/mix --mib 100 --dir /mnt && tell /tmp/mix quit &&
	coalesce request --count 10' > /dev/null
before=$(accounted_pages g)

guest_run g 'mix /tmp/mix --mib 300 --dir /mnt' > /dev/null
made=0 moved=0 bad=0
for ((i = 0; i < requests; i++)); do
	strategy=$([ $((i % 4)) = 3 ] && echo freelist || echo cost)
	sync=$([ $((i % 5)) = 4 ] && echo --sync)
	out=$(guest_run g "coalesce request --count 400 --touch \
		--strategy $strategy $sync --timeout-ns 20000000000")
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
cmp_ok "$made" -gt $((requests * 20)) "regions were made all the while"
cmp_ok "$moved" -gt $((requests * 20)) "pages were moved all the while"

mix=$(guest_run g 'tell /tmp/mix check')
note "$mix"
# Each kind of program has had its turn while requests ran.
all_had_a_round() {
	mix=$(guest_run g 'tell /tmp/mix check')
	[ "$(value_of rounds "$mix")" -ge 2 ]
}
ok "each program has worked through its pages" wait_for 120 all_had_a_round
mix=$(guest_run g 'tell /tmp/mix quit')
note "$mix"
cmp_ok "$(value_of checked "$mix")" -ge 100000 "100,000 pages were checked"
is "$(value_of wrong "$mix")" 0 "not one was wrong"
is "$(value_of died "$mix")" 0 "no program died"
cmp_ok "$(guest_run g 'cat /sys/kernel/mm/ksm/full_scans')" -ge 1 \
	"KSM was at work"

after=$(accounted_pages g)
lost=$((before - after))
cmp_ok "$lost" -le "$slack_pages" \
	"no page is missing in the accounts ($before, then $after)"
owned=$(guest_run g 'cat /sys/kernel/debug/page_owner_stacks/show_stacks' |
	awk 'BEGIN { RS = "" } /coalesce_/ && !/nr_base_pages: 0/')
is "$owned" "" "no page is left that mm/coalesce has allocated"
is "$(value_of held_regions "$(guest_run g 'coalesce state')")" 0 \
	"no region is held"
is "$(guest_oops g)" "" "no KASAN, lockdep or other report"

done_testing
