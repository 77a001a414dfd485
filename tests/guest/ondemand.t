#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The page allocator's own call: programs that want huge pages get them, and
# large pieces of other orders, if vm.coalesce_min_order says so.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=ondemand
guest_start "$guest" --mem 1280 --smp 1
is "$(run 'cat /proc/sys/vm/coalesce_min_order')" 0 "it is off by default"
# Of its own accord nothing is made.
run 'echo 0 > /proc/sys/vm/compaction_proactiveness
	echo always > /sys/kernel/mm/transparent_hugepage/defrag'
no_block_free() {
	run 'fragment /tmp/frag --percent 85 --keep 60 --leave-free 0' \
		> /dev/null
}
# A program wants 60 huge pages, and none is free.
wanted=60
want_huge_pages() {
	local before
	before=$(vmstat thp_fault_alloc)
	run --timeout 300 "fragment /tmp/huge --percent 1 --keep 100 \
		--huge $wanted && tell /tmp/huge check" > "$tap_dir/huge"
	got=$(($(vmstat thp_fault_alloc) - before))
	run 'tell /tmp/huge quit' > /dev/null
}
# want_pieces ORDER: as many as are 100 MiB, of the kernel's own memory.
want_pieces() {
	pieces=$((25600 >> $1))
	met=$(vmstat coalesce_demand_met)
	whole=$(value_of whole "$(run "ring /tmp/ring $1 $pieces")")
	met=$(($(vmstat coalesce_demand_met) - met))
	run 'tell /tmp/ring quit' > /dev/null
}
calls=$(vmstat coalesce_demand)
no_block_free
for order in 4 7 10; do
	want_pieces "$order"
	cmp_ok "$whole" -lt $((pieces * 3 / 4)) \
		"of order $order a program gets $whole of $pieces"
done
want_huge_pages
is "$(vmstat coalesce_demand)" "$calls" "and then no call is made"
note "without it a program gets $got of $wanted huge pages"
run 'tell /tmp/frag quit; echo 4 > /proc/sys/vm/coalesce_min_order' \
	> /dev/null
no_block_free
met=$(vmstat coalesce_demand_met)
want_huge_pages
note "with it $got"
cmp_ok "$(($(vmstat coalesce_demand) - calls))" -gt 0 "with it calls are made"
cmp_ok "$(($(vmstat coalesce_demand_met) - met))" -gt $((wanted / 2)) \
	"and most huge pages are made by one"
cmp_ok "$got" -gt $((wanted / 2)) "the program gets most of them"
like "$(cat "$tap_dir/huge")" ' wrong=0$' "and they are right"
for order in 4 7 10; do
	run 'tell /tmp/frag quit' > /dev/null
	no_block_free
	want_pieces "$order"
	cmp_ok "$whole" -ge $((pieces * 95 / 100)) \
		"of order $order it gets nearly all: $whole of $pieces"
	cmp_ok "$met" -gt 0 "and $met calls have made room for them"
done
run 'echo 9 > /proc/sys/vm/coalesce_min_order'
calls=$(vmstat coalesce_demand)
want_pieces 8
is "$(vmstat coalesce_demand)" "$calls" "none is made below that order"
like "$(run 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
