#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A request for regions of any node gets them where they cost least, and waits or
# drops page cache on none as long as another has some that need neither.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=spread
node_pages=$((448 << 8))
truncate -s 128M "$tap_dir/slow.img"
/sbin/mkfs.ext4 -q -F "$tap_dir/slow.img" || die "mkfs.ext4 failed"
guest_start "$guest" --memory none --mem 896 \
	--smp 2,sockets=2 --disk 160 -- \
	-object memory-backend-ram,id=ram0,size=448M \
	-object memory-backend-ram,id=ram1,size=448M \
	-numa node,nodeid=0,memdev=ram0,cpus=0 \
	-numa node,nodeid=1,memdev=ram1,cpus=1 \
	-drive "if=none,id=slow,format=raw,file=$tap_dir/slow.img,throttling.bps-write=1048576" \
	-device virtio-blk-pci,drive=slow
run 'mount -t ext4 /dev/vda /mnt && mkdir /mnt/fast &&
	mount -t ext4 /dev/vdb /mnt/fast
	echo 0 > /proc/sys/vm/compaction_proactiveness' ||
	die "no disk in the guest"

# What each block that could be emptied costs, cheapest first: "FRAME PAGES".
costs() {
	run 'coalesce state > /dev/null; blocklook' | awk '
		!/ first=/ {
			used = 0
			for (i = 2; i <= NF; i++)
				if (split($i, part, "=") == 2 && part[1] == "lru")
					used = part[2]
			print $1, used
		}' | sort -n -k 2,2
}
ask() { # OPTIONS
	out=$(run --timeout 300 "coalesce request $*")
	note "$*: $(sed -n '/^\(made\|moves\|recl\|shortfall\)/p' <<< "$out" |
		tr '\n' ' ')"
}
forecast() { # OPTIONS
	run "coalesce request --count 2000 --plan $*" | sed -n 's/^made=//p'
}
of_node() { # NODE OUTPUT: regions
	awk -v node="$1" '$1 == "region" && $5 == node' <<< "$2" | wc -l
}
right() { # PROGRAM...
	local program
	for program; do
		like "$(run --timeout 300 "tell /tmp/$program check")" \
			' wrong=0$' "memory of the program $program is the same"
	done
}

# ----- one node is nearly full, the other one free -------------------------------
run 'onnode 0 fragment /tmp/zero --percent 42 --keep 60' > /dev/null
ask --count 100
is "$(value_of made "$out")" 100 "as many as are free on one node"
is "$(value_of moves_tried "$out")" 0 "no page is moved for them on the other"

# ----- both have none that is free, and one has cheaper ones ----------------------
run 'onnode 1 fragment /tmp/one --percent 60 --keep 25' > /dev/null
costs=$(costs)
for count in 70 100; do
	ideal=$(head -n "$count" <<< "$costs" | awk '{ n += $2 } END { print n }')
	cmp_ok "$ideal" -gt 1000 "$count regions: pages have to be moved"
	ask --count "$count" --plan
	is "$(value_of made "$out")" "$count" "$count regions: they are forecast"
	cmp_ok "$(value_of moves_tried "$out")" -le "$((ideal * 105 / 100))" \
		"$count regions: the plan is for the cheapest of both nodes ($ideal)"
	[ "$count" = 100 ] || continue
	ask --count "$count"
	is "$(value_of made "$out")" "$count" "$count regions: they are made"
	cmp_ok "$(value_of moves_tried "$out")" -le "$((ideal * 105 / 100))" \
		"$count regions: of the cheapest of both nodes ($ideal)"
	cmp_ok "$(value_of pages_scanned "$out")" -le $((2 * 2 * node_pages)) \
		"$count regions: pages looked at"
done
right zero one

# ----- moves for some of them ----------------------------------------------------
# None is spent on dear regions of one node as long as the other has cheaper ones.
most=$((9 * $(forecast) / 10))
for how in --plan ''; do
	costs=$(costs)
	budget=$(head -n "$most" <<< "$costs" | awk '{ n += $2 }
		END { print int(n / 2) }')
	fit=$(awk -v budget="$budget" '(n += $2) <= budget { fit = NR }
		END { print fit }' <<< "$costs")
	cmp_ok "$fit" -lt "$most" "moves for $fit of $most regions $how"
	ask --count "$most" --max-moves "$budget" $how
	cmp_ok "$(value_of made "$out")" -ge $((fit * 95 / 100)) \
		"regions of the cheapest of both nodes $how"
	cmp_ok "$(value_of moves_tried "$out")" -le "$budget" \
		"with no more moves $how"
	is "$(value_of shortfall_budget "$out")" \
		$((most - $(value_of made "$out"))) \
		"nothing else keeps it from the others $how"
done
right zero one

# ----- all that both have -------------------------------------------------------
# What is given back stays free, and others would be had without a move.
ask --count 2000
cmp_ok "$(of_node 0 "$out")" -gt 10 "all: from one node"
cmp_ok "$(of_node 1 "$out")" -gt 10 "all: and from the other"
is "$(short_zones)" "" "all: each zone keeps what it needs"
is "$(($(value_of made "$out") + $(awk -F= \
	'/^shortfall_/ { n += $2 } END { print n }' <<< "$out")))" 2000 \
	"all: and each that is missing has a reason"
right zero one
run 'tell /tmp/zero quit; tell /tmp/one quit' > /dev/null

# ----- page cache of one node ---------------------------------------------------
# Free memory of node 0 is as little as its own programs leave.
run 'onnode 0 dd if=/dev/zero of=/mnt/fast/file bs=1M count=120 2> /dev/null
	sync; onnode 0 fragment /tmp/zero --percent 28 --keep 100
	onnode 1 fragment /tmp/one --percent 66 --keep 25' > /dev/null
most=$((9 * $(forecast) / 10))
ask --count "$most" --reclaim
is "$(value_of made "$out")" "$most" "--reclaim: $most regions are made"
cmp_ok "$(value_of moves_tried "$out")" -gt 1000 "--reclaim: pages are moved"
is "$(value_of reclaimed "$out")" 0 \
	"--reclaim: no page cache is dropped, where the other node has memory"
right zero one
run 'tell /tmp/zero quit' > /dev/null

# ----- writeback on one node ----------------------------------------------------
# Of large regions each has a block with such pages, but for those that are free.
run 'rm /mnt/fast/file; echo 3 > /proc/sys/vm/drop_caches
	onnode 0 fragment /tmp/zero --percent 40 --keep 80' > /dev/null
writing() {
	[ "$(vmstat nr_writeback)" -ge 512 ]
}
run 'onnode 0 dd if=/dev/urandom of=/mnt/file bs=1M count=32 2> /dev/null
	md5sum /mnt/file > /tmp/sum
	sync < /dev/null > /dev/null 2>&1 &'
ok "pages are being written on one node" wait_for 30 writing
most=$(($(forecast --order 12) - 2))
ask --order 12 --count "$most" --sync
is "$(value_of made "$out")" "$most" "--sync: $most regions are made"
cmp_ok "$(vmstat nr_writeback)" -gt 0 \
	"--sync: without waiting for one node, as the other one has enough"
is "$(run --timeout 300 'sync; md5sum -c /tmp/sum')" "/mnt/file: OK" \
	"the file is as it was written"
right zero one
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
