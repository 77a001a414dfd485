#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel's engine can do beyond regions of one block: large regions,
# huge pages in their way, dropping page cache, naming what was in the way,
# counters and tracepoints, and the page allocator's own call.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"
source "$top/tests/lib/kv.sh"

# vmstat NAME: one of the kernel's counters.
vmstat() {
	guest_run g "sed -n 's/^$1 //p' /proc/vmstat"
}

# misplaced OUTPUT: regions of a request that are not aligned to their size.
misplaced() {
	awk '$1 == "region" && $3 % 2 ^ $4 != 0' <<< "$1"
}

# ----- large regions --------------------------------------------------------------
guest_start g --mem 1280 --smp 1 --disk 400
guest_run g 'echo never > /sys/kernel/mm/transparent_hugepage/defrag
	echo 0 > /proc/sys/vm/compaction_proactiveness
	fragment /tmp/frag --percent 70 --keep 50 --leave-free 4' > /dev/null
for order in 10 12 14 16; do
	made_before=$(vmstat coalesce_made)
	out=$(guest_run g "coalesce request --order $order --count 1")
	is "$(value_of made "$out")" 1 "order $order: a region is made"
	is "$(misplaced "$out")" "" "order $order: it is aligned"
	is "$(awk '$1 == "region" { print $4 }' <<< "$out")" "$order" \
		"order $order: it says its order"
	is "$(($(vmstat coalesce_made) - made_before))" 1 \
		"order $order: /proc/vmstat counts it"
done
is "$(value_of held_regions "$(guest_run g 'coalesce state')")" 0 \
	"all are released with the file"
like "$(guest_run g 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same after all that"

# ----- what was moved, for each region and batch --------------------------------------
guest_run g 'mount -t tracefs trace /sys/kernel/tracing
	cd /sys/kernel/tracing && echo 1 > events/coalesce/enable'
# As many as are free take no move, and no plan.
wanted=$(($(value_of free_blocks "$(guest_run g 'coalesce state')") + 20))
out=$(guest_run g "coalesce request --count $wanted")
is "$(guest_run g 'grep -c coalesce_region: /sys/kernel/tracing/trace')" \
	"$(value_of made "$out")" "a tracepoint for each region"
cmp_ok "$(guest_run g 'grep -c coalesce_batch: /sys/kernel/tracing/trace')" \
	-ge 1 "and for batches"
like "$(guest_run g 'grep -m 1 coalesce_plan: /sys/kernel/tracing/trace')" \
	'order=9 wanted=[0-9]+ chosen=[0-9]+ moves=[0-9]+' "and for the plan"
guest_run g 'echo 0 > /sys/kernel/tracing/events/coalesce/enable'

# ----- what was in the way -----------------------------------------------------------
out=$(guest_run g "coalesce request --plan --count 2000 --range 0+\$((
	\$(sed -n 's/^blocks=//p' <<- E
		\$(coalesce state)
	E
	) * 512))")
slab=$(value_of shortfall_slab "$out")
named=$(awk '$1 == "detail_slab" { n += $3 } END { print n + 0 }' <<< "$out")
note "$(grep -E 'shortfall|detail' <<< "$out" | tr '\n' ' ')"
cmp_ok "${slab:-0}" -ge 1 "slab was in some region's way"
is "$named" "${slab:-0}" "each of these has a name"
guest_run g 'tell /tmp/frag quit' > /dev/null

# ----- huge pages in the way of larger regions ------------------------------------------
guest_run g 'echo 40 > /proc/sys/vm/nr_hugepages
	fragment /tmp/frag --percent 50 --keep 30 --leave-free 0' > /dev/null
pool=$(guest_run g 'cat /proc/sys/vm/nr_hugepages')
note "$pool hugetlb pages"
out=$(guest_run g 'coalesce request --order 15 --count 2')
cmp_ok "$(value_of made "$out")" -ge 1 "regions of 128 MiB, with huge pages about"
is "$(guest_run g 'cat /proc/sys/vm/nr_hugepages')" "$pool" \
	"no hugetlb page is lost"
like "$(guest_run g 'tell /tmp/frag check')" ' wrong=0$' \
	"memory in huge pages is the same"
guest_run g 'tell /tmp/frag quit; echo 0 > /proc/sys/vm/nr_hugepages' > /dev/null

# ----- page cache, where there is no room ------------------------------------------------
guest_run g --timeout 300 'mount -t ext4 /dev/vda /mnt
	i=0; while [ $i -lt 36 ]; do
		dd if=/dev/zero of=/mnt/$i bs=1M count=10 2> /dev/null
		i=$((i + 1)); done; sync
	fragment /tmp/frag --percent 86 --keep 100' > /dev/null
cached() {
	guest_run g "sed -n 's/^Cached: *\([0-9]*\) kB/\1/p' /proc/meminfo"
}
out=$(guest_run g 'coalesce request --count 400')
without=$(value_of made "$out")
is "$(value_of reclaimed "$out")" 0 "without --reclaim nothing is dropped"
before=$(cached)
out=$(guest_run g 'coalesce request --count 400 --reclaim')
dropped=$(value_of reclaimed "$out")
cmp_ok "$(value_of made "$out")" -gt "$without" \
	"with --reclaim more are made ($without without)"
cmp_ok "$dropped" -gt 0 "page cache was dropped"
# Give or take what the shell that looks has read.
cmp_ok "$(((before - $(cached)) / 4))" -le $((dropped + 256)) \
	"and no more than is said ($dropped pages)"
like "$(guest_run g 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same"
guest_run g 'tell /tmp/frag quit; umount /mnt' > /dev/null

# ----- the page allocator's own call ------------------------------------------------------
is "$(guest_run g 'cat /proc/sys/vm/coalesce_min_order')" 0 "it is off by default"
guest_run g 'echo always > /sys/kernel/mm/transparent_hugepage/defrag'
no_block_free() {
	guest_run g 'fragment /tmp/frag --percent 85 --keep 60 --leave-free 0' \
		> /dev/null
}
# A program wants 60 huge pages, and none is free.
wanted=60
want_huge_pages() {
	local before
	before=$(vmstat thp_fault_alloc)
	guest_run g --timeout 300 "fragment /tmp/huge --percent 1 --keep 100 \
		--huge $wanted && tell /tmp/huge check" > "$tap_dir/huge"
	got=$(($(vmstat thp_fault_alloc) - before))
	guest_run g 'tell /tmp/huge quit' > /dev/null
}
calls=$(vmstat coalesce_demand)
no_block_free
want_huge_pages
is "$(vmstat coalesce_demand)" "$calls" "and then no call is made"
note "without it a program gets $got of $wanted huge pages"
guest_run g 'tell /tmp/frag quit; echo 4 > /proc/sys/vm/coalesce_min_order' \
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
like "$(guest_run g 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same"
is "$(guest_oops g)" "" "the kernel has nothing to complain of"

done_testing
