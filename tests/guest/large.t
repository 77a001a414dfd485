#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Regions of many blocks, also where huge pages are in their way.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=large
guest_start "$guest" --mem 1280 --smp 1

# misplaced OUTPUT: regions of a request that are not aligned to their size.
misplaced() {
	awk '$1 == "region" && $3 % 2 ^ $4 != 0' <<< "$1"
}

# The search of 2005 begins below the asked order, after what is free of it.
free=$(run "awk '{ n += \$15 } END { print n }' /proc/buddyinfo")
wanted=$((free / 2))
for how in --plan ''; do
	out=$(run "coalesce request --order 10 --count $wanted $how \
		--strategy freelist")
	is "$(value_of made "$out") $(value_of moves_tried "$out")" "$wanted 0" \
		"freelist ${how:+--plan }takes what is free as a whole" ||
		diag "$free are; $(grep -v ^region <<< "$out")"
done

run 'echo never > /sys/kernel/mm/transparent_hugepage/defrag
	echo 0 > /proc/sys/vm/compaction_proactiveness
	fragment /tmp/frag --percent 70 --keep 50 --leave-free 4' > /dev/null
for order in 10 12 14 16; do
	made_before=$(vmstat coalesce_made)
	out=$(run "coalesce request --order $order --count 1")
	is "$(value_of made "$out")" 1 "order $order: a region is made"
	is "$(misplaced "$out")" "" "order $order: it is aligned"
	is "$(awk '$1 == "region" { print $4 }' <<< "$out")" "$order" \
		"order $order: it says its order"
	is "$(($(vmstat coalesce_made) - made_before))" 1 \
		"order $order: /proc/vmstat counts it"
done
is "$(value_of held_regions "$(run 'coalesce state')")" 0 \
	"all are released with the file"
like "$(run 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same after all that"
run 'tell /tmp/frag quit' > /dev/null

# ----- huge pages in the way ------------------------------------------------------
run 'echo 40 > /proc/sys/vm/nr_hugepages
	fragment /tmp/frag --percent 50 --keep 30 --leave-free 0' > /dev/null
pool=$(run 'cat /proc/sys/vm/nr_hugepages')
note "$pool hugetlb pages"
out=$(run 'coalesce request --order 15 --count 2')
cmp_ok "$(value_of made "$out")" -ge 1 "regions of 128 MiB, with huge pages about"
is "$(run 'cat /proc/sys/vm/nr_hugepages')" "$pool" \
	"no hugetlb page is lost"
like "$(run 'tell /tmp/frag check')" ' wrong=0$' \
	"memory in huge pages is the same"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

# ----- a page of 1 GiB ------------------------------------------------------------
guest=gigantic
guest_start "$guest" --mem 4096 --smp 1 \
	--append 'hugepagesz=1G hugepages=1 hugepagesz=2M hugepages=1'
block=$(blocks_with pool | awk '{ gfn = $1 - $1 % 262144; n[gfn]++ }
	END { for (gfn in n) if (n[gfn] >= 512) print gfn }')
like "$block" '^[0-9]+$' "a page of 1 GiB is there" || diag "$block"
for how in --plan ''; do
	out=$(run "coalesce request --order 18 --count 1 $how \
		--range $block+262144")
	is "$(value_of made "$out") $(value_of shortfall_hugetlb "$out") $(
		value_of moves_tried "$out")" "0 1 0" \
		"it does not go${how:+, which $how says}" ||
		diag "$(grep -v ^region <<< "$out")"
done
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
