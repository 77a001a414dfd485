#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages of other kinds than those that programs use: given to the hypervisor by
# a balloon, in zram's zspages, in the swap cache, in a CMA area. The first three
# are moved out of the way, each by its own means, and the last one is left alone.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"

# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

# ----- a balloon --------------------------------------------------------------
mem=512
guest=kinds
guest_start "$guest" --mem "$mem" --disk 256 -- \
	-device virtio-balloon-pci
balloon() { # MIB: what the guest is to be left with
	guest_qmp "$guest" '{"execute":"balloon","arguments":{
		"value":'$(($1 << 20))'}}' > /dev/null
}
balloon_size() {
	guest_qmp "$guest" '{"execute":"query-balloon"}' | jq .return.actual
}
balloon_is() { # MIB
	[ "$(balloon_size)" = $(($1 << 20)) ]
}
memory=$(meminfo MemTotal)
holes --percent 60 --keep 40
balloon $((mem - 64))
ok "balloon: the guest gives up 64 MiB" wait_for 120 balloon_is $((mem - 64))
is "$((memory - $(meminfo MemTotal)))" $((64 << 10)) \
	"balloon: and has less memory"
moved=$(vmstat balloon_migrate)
requested balloon 32
is "$(total "$before")" $((64 << 8)) "balloon: all of it is seen"
cmp_ok "$(($(vmstat balloon_migrate) - moved))" -ge "$there" \
	"balloon: pages were moved by the balloon's own callback"
is "$(total "$(blocks_with balloon)")" $((64 << 8)) \
	"balloon: it has as many pages as before"
ok "balloon: and is as large for the hypervisor" balloon_is $((mem - 64))
no_holes balloon
balloon "$mem"
ok "balloon: the guest gets all of it back" wait_for 120 balloon_is "$mem"
is "$(meminfo MemTotal)" "$memory" "balloon: and has as much memory as before"
is "$(blocks_with balloon)" "" "balloon: no page is left in it"

# ----- zspages of several pages: a disk in zram -------------------------------
# What is compressed to about a half, as most that is stored in zram: pages of a
# program, for that program is on no disk.
copies=12
zram_pages() { # DEVICE
	run "awk '{ print \$3 / 4096 }' /sys/block/$1/mm_stat"
}
is "$(blocks_with zsmalloc)" "" "zram: no zspage before"
holes --percent 60 --keep 40
written=$(run "echo 64M > /sys/block/zram0/disksize
	for i in \$(seq $copies); do cat /bin/busybox; done > /tmp/written
	md5sum < /tmp/written; wc -c < /tmp/written
	cat /tmp/written > /dev/zram0; rm /tmp/written; sync")
sum=$(head -n 1 <<< "$written")
used=$(zram_pages zram0)
requested zsmalloc 4
cmp_ok "$(total "$before")" -lt "$used" "zram: of some zspages not each page is seen"
is "$(total "$(blocks_with zsmalloc)")" "$(total "$before")" \
	"zram: as many zspages as before"
is "$(zram_pages zram0)" "$used" "zram: with as many pages"
is "$(run "echo 3 > /proc/sys/vm/drop_caches
	head -c $(tail -n 1 <<< "$written") /dev/zram0 | md5sum")" \
	"$sum" "zram: what was written is read"
no_holes zram
run 'echo 1 > /sys/block/zram0/reset'
is "$(blocks_with zsmalloc)" "" "zram: and all are freed"

# ----- swapped out to zram ----------------------------------------------------
# A program in a cgroup of its own, so that just its memory can be swapped out.
holes --percent 60 --keep 40
program=$(run 'mkdir /tmp/cgroup && mount -t cgroup2 cgroup2 /tmp/cgroup
	echo +memory > /tmp/cgroup/cgroup.subtree_control
	mkdir /tmp/cgroup/program
	echo 0 > /tmp/cgroup/program/cgroup.procs
	exec fragment /tmp/program --percent 25 --keep 100')
size=$(value_of pages "$program")
cmp_ok "$size" -ge $((24 << 8)) "swap: there is a program of $size pages"

# Writes out nearly all of the program; the kernel says EAGAIN when it has not
# found as much. Says how many pages are in swap then.
swap_out() {
	run "echo $((size * 4))K > /tmp/cgroup/program/memory.reclaim" \
		2> /dev/null
	echo $((($(meminfo SwapTotal) - $(meminfo SwapFree)) / 4))
}
wrong_in_program() {
	value_of wrong "$(run --timeout 300 'tell /tmp/program check')"
}
run 'echo 256M > /sys/block/zram0/disksize
	mkswap /dev/zram0 > /dev/null && swapon /dev/zram0'
cmp_ok "$(swap_out)" -ge $((size * 3 / 4)) \
	"swap in zram: the program's memory is there"
requested zsmalloc 32
is "$(total "$(blocks_with zsmalloc)")" "$(total "$before")" \
	"swap in zram: as many zspages as before"
is "$(wrong_in_program)" 0 "swap in zram: the program reads what it has written"
run 'swapoff /dev/zram0; echo 1 > /sys/block/zram0/reset'
is "$(blocks_with zsmalloc)" "" "swap in zram: and all are freed"

# ----- in the swap cache ------------------------------------------------------
# What is read from a disk, unlike from zram, stays in the swap cache.
run 'mkswap /dev/vda > /dev/null && swapon /dev/vda'
cmp_ok "$(swap_out)" -ge $((size * 3 / 4)) \
	"swap cache: the program's memory is on disk"
is "$(wrong_in_program)" 0 "swap cache: it is read from there"
requested swapcache 32
is "$(total "$(blocks_with swapcache)")" "$(total "$before")" \
	"swap cache: as many pages as before are in it"
is "$(wrong_in_program)" 0 "swap cache: the program's memory is the same"
# It is as it was read, so it need not be written again.
out=$(vmstat pswpout)
cmp_ok "$(swap_out)" -ge $((size * 3 / 4)) "swap cache: it can go again"
cmp_ok "$(($(vmstat pswpout) - out))" -le $((size / 4)) \
	"swap cache: without being written"
is "$(wrong_in_program)" 0 "swap cache: and is read from where it was"
run 'tell /tmp/program quit' > /dev/null
no_holes "swap"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"
guest_stop "$guest"

# ----- a CMA area -------------------------------------------------------------
guest=cma
guest_start "$guest" --mem 448 --append cma=64M
area=$(grep -ao 'cma: Reserved 64 MiB at 0x[0-9a-f]*' \
	"$tap_dir/$guest/console.log" | grep -o '0x.*')
first=$((area >> 12))
pages=$((64 << 8))
blocks=$((pages / 512))
is "$(meminfo CmaTotal)" $((64 << 10)) "CMA: there is an area"
# /proc/pagetypeinfo ends with a table of the blocks of each kind and zone.
cma_blocks() {
	run 'cat /proc/pagetypeinfo' | awk '
		/^Number of blocks/ { for (at = 5; $at != "CMA"; at++) ; next }
		at { n += $at }
		END { print n }'
}
is "$(cma_blocks)" "$blocks" "CMA: of as many blocks"
cmp_ok "$(short_zones -1000000 | wc -l)" -ge 3 \
	"CMA: zones that have too little would be seen"
cma_free=$(meminfo CmaFree)
for strategy in cost freelist; do
	out=$(run "coalesce request --strategy $strategy --count $blocks \
		--range $first+$pages")
	is "$(value_of made "$out")" 0 "CMA: $strategy makes no region of it"
	[ "$strategy" = freelist ] ||
		is "$(value_of shortfall_cma "$out")" "$blocks" \
			"CMA: and says so of each"
done
is "$(meminfo CmaFree)" "$cma_free" "CMA: as much of it is free as before"

# Free memory in it is none that a request may use up: the high watermarks are met
# by what is free there alone, so all that a request leaves could be of no use for
# who looks on here.
usual=$(run 'cat /proc/sys/vm/min_free_kbytes')
run 'echo 8192 > /proc/sys/vm/min_free_kbytes'
ok "CMA: a request takes all that can be had outside" hold_regions --count 2000
is "$(short_zones)" "" "CMA: each zone has enough without it"
is "$(value_of held_regions "$(run 'coalesce state')")" \
	"$(value_of made "$held")" "CMA: who has asked still holds all of it"
ok "CMA: all is given back" give_back
run "echo $usual > /proc/sys/vm/min_free_kbytes"

# With programs' pages in it, which could be moved.
holes --percent 85 --keep 60
in_use=$((cma_free - $(meminfo CmaFree)))
cmp_ok "$in_use" -ge $((8 << 10)) "CMA: programs use it"
is "$(short_zones)" "" "CMA: each zone has enough without it"
ok "CMA: a request takes all that it can" hold_regions --count 2000
out=$held
is "$(short_zones)" "" "CMA: each zone has still enough without it"
ok "CMA: all is given back" give_back
made=$(value_of made "$out")
cmp_ok "$made" -ge "$regions" "CMA: regions are made elsewhere"
is "$(awk -v first="$first" -v end="$((first + pages))" '$1 == "region" &&
	$3 >= first && $3 < end' <<< "$out")" "" "CMA: and none there"
is "$(value_of shortfall_cma "$out")" "$blocks" "CMA: which is said"
no_holes CMA
# Some pages of what runs in the guest may be there now, but no block is missing.
run 'echo 3 > /proc/sys/vm/drop_caches; coalesce state' > /dev/null
cmp_ok "$((cma_free - $(meminfo CmaFree)))" -lt $((16 << 10)) \
	"CMA: at the end most of it is free"
is "$(cma_blocks)" "$blocks" "CMA: and its blocks are what they were"
is "$(guest_oops "$guest")" "" "CMA: the kernel has nothing to complain of"

done_testing
