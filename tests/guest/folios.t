#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs' pages of each kind lie where regions are made: they are moved, and are
# afterwards what they were. Large folios and hugetlb pages stay whole where there
# is room for a whole one; pages that KSM has merged, that are locked or shared or
# copied on write stay so.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=folios
guest_start "$guest" --mem 448

# A program whose pages these are. Leaves its process, and its child's, in $pid
# and $child.
program() { # OPTIONS: of fragment
	local answer
	answer=$(run --timeout 300 "fragment /tmp/frag $*")
	pid=$(value_of pid "$answer")
	child=$(value_of child "$answer")
}

right() { # DESCRIPTION
	like "$(run --timeout 300 'tell /tmp/frag check')" \
		'^checked=[1-9][0-9]* wrong=0$' "$1"
}

quit() {
	run 'tell /tmp/frag quit' > /dev/null
}

rollup() { # KEY PID: in KiB
	run "sed -n 's/^$1: *\([0-9]*\) kB/\1/p' /proc/$2/smaps_rollup"
}

# As blocks_with, by naturally aligned ranges of several blocks.
ranges_with() { # KIND ORDER
	blocks_with "$1" | awk -v size=$((1 << $2)) '
		{ n[$1 - $1 % size] += $2 }
		END { for (first in n) print first, n[first] }'
}

# Asks for COUNT regions of an order above that of a block, one after the other,
# where most of such pages are. Leaves what requested does.
request_large() { # KIND LEAST ORDER COUNT
	local candidates size=$((1 << $3))
	before=$(ranges_with "$1" "$3")
	candidates=$(sort -k 2,2nr <<< "$before" |
		awk -v least="$2" '$2 >= least { print $1 }')
	out=$(run --timeout 300 "n=0
		for pfn in ${candidates//$'\n'/ }; do
			[ \$n -lt $4 ] || break
			coalesce request --order $3 --count 1 \
				--range \$pfn+$size > /tmp/answer
			n=\$((n + \$(sed -n 's/^made=//p' /tmp/answer)))
			cat /tmp/answer
		done")
	is "$(sum_of made "$out")" "$4" "$1: regions of order $3 are made" ||
		diag "$(grep ^shortfall_ <<< "$out")"
	there=$(in_regions "$before" "$out")
	note "$1: $there of $(total "$before") pages were where regions are," \
		"of $(wc -w <<< "$candidates") ranges with $2 or more"
	cmp_ok "$there" -ge "$(($4 * $2))" "$1: where such pages were"
}

requested_large() { # KIND LEAST ORDER COUNT
	request_large "$@"
	cmp_ok "$(sum_of moves_done "$out")" -ge "$there" "$1: they were moved"
}

# ----- hugetlb pages ----------------------------------------------------------
# First of all, for where memory is not yet fragmented they lie side by side.
run 'echo 64 > /proc/sys/vm/nr_hugepages'
pool() {
	run 'cd /sys/kernel/mm/hugepages/hugepages-2048kB
		grep . nr_hugepages free_hugepages surplus_hugepages \
			resv_hugepages' | tr '\n' ' '
}

program --percent 40 --keep 50 --hugetlb 32
pool=$(pool)
is "$pool" "nr_hugepages:64 free_hugepages:32 surplus_hugepages:0 \
resv_hugepages:0 " "hugetlb: a program has half of the pool"
# Such a page was moved to one that another had just left, in the same range,
# which was at the head of the pool's list: see "mm/hugetlb: prefer pages of
# memory that is not being emptied". So a range with three was never emptied.
requested_large hugetlb 2048 11 2
is "$(sum_of moves_tried "$out")" "$there" \
	"hugetlb: each was moved once, and nothing else"
is "$(total "$(blocks_with hugetlb)")" $((32 * 512)) \
	"hugetlb: as many pages are in use as before"
is "$(pool)" "$pool" "hugetlb: the pool is as large and as free"
right "hugetlb: the program has what it has written in them"
# Those that nobody uses are not moved, but replaced.
request_large pool 1024 11 1
is "$(total "$(blocks_with pool)")" $((32 * 512)) \
	"pool: as many pages are not in use as before"
is "$(pool)" "$pool" "pool: it is as large and as free"
right "pool: the program has what it has written"
quit
run 'echo 0 > /proc/sys/vm/nr_hugepages'

# ----- huge pages of a program ------------------------------------------------
# The kernel does without them in a machine this small, unless told. Nothing but
# requests is to make or undo one.
thp=/sys/kernel/mm/transparent_hugepage
run "echo madvise > $thp/enabled && echo never > $thp/defrag
	echo 3600000 > $thp/khugepaged/scan_sleep_millisecs
	echo 0 > /proc/sys/vm/compaction_proactiveness"
huge_counts() {
	moved=$(vmstat thp_migration_success)
	split=$(vmstat thp_migration_split)
	all_split=$(vmstat thp_split_page)
	huge_kib=$(rollup AnonHugePages "$pid")
}

program --percent 40 --keep 50 --huge 40
huge_counts
is "$huge_kib" $((40 * 2048)) "huge pages: a program has 40"
requested_large large 1536 11 2
cmp_ok "$(($(vmstat thp_migration_success) - moved))" -ge $((there / 512)) \
	"huge pages: they were moved whole"
is "$(vmstat thp_split_page)" "$all_split" "huge pages: none was split"
is "$(rollup AnonHugePages "$pid")" "$huge_kib" \
	"huge pages: the program has as many as before"
right "huge pages: and what it has written in them"
quit

# ----- huge pages of a file ---------------------------------------------------
program --percent 30 --keep 50
mib=48
run --timeout 300 "mount -t tmpfs -o huge=always none /mnt
	dd if=/dev/urandom of=/mnt/file bs=2M count=$((mib / 2)) 2> /dev/null
	md5sum /mnt/file > /tmp/sum"
moved=$(vmstat thp_migration_success)
split=$(vmstat thp_split_page)
is "$(meminfo ShmemHugePages)" $((mib << 10)) "file: all of it is in huge pages"
requested_large largefile 1536 11 2
cmp_ok "$(($(vmstat thp_migration_success) - moved))" -ge $((there / 512)) \
	"file: they were moved whole"
is "$(($(vmstat thp_split_page) - split)) $(meminfo ShmemHugePages)" \
	"0 $((mib << 10))" "file: and it is still all in huge pages"
is "$(run --timeout 300 'md5sum -c /tmp/sum')" "/mnt/file: OK" \
	"file: it has in it what was written"
right "file: so has the program beside it"
run 'umount /mnt'
quit

# ----- huge pages without room --------------------------------------------------
# The blocks that no program has got are held meanwhile, and one more, for there
# may be none.
free_blocks() {
	value_of free_blocks "$(run 'coalesce state')"
}
program --percent 70 --keep 50 --leave-free 0
ok "no room: free blocks are held" hold_regions --count $(($(free_blocks) + 1))
huge_counts
room=$(free_blocks)
requested_large large 1536 11 1
huge=$((there / 512))
cmp_ok "$room" -lt "$huge" "no room: $room free blocks for $huge huge pages"
split=$(($(vmstat thp_migration_split) - split))
# Not just as many: a block may get free when a shell here ends.
cmp_ok "$split" -ge $(((huge - room + 1) / 2)) \
	"no room: $split huge pages were split"
cmp_ok "$(($(vmstat thp_migration_success) - moved + split))" -ge "$huge" \
	"no room: and the others were moved whole"
is "$(($(vmstat thp_split_page) - all_split))" "$split" \
	"no room: which moving them has done"
is "$((huge_kib - $(rollup AnonHugePages "$pid")))" $((split * 2048)) \
	"no room: and the program has lost no other"
right "no room: it has what it has written in them"
quit
ok "no room: free blocks are given back" give_back

# ----- folios of 64 KiB -------------------------------------------------------
folios=$thp/hugepages-64kB
run "echo never > $thp/hugepages-2048kB/enabled
	echo madvise > $folios/enabled"
folio_stat() { # NAME
	run "cat $folios/stats/$1"
}

program --percent 40 --keep 50 --huge 20
whole=$(folio_stat nr_anon)
split=$(folio_stat split)
is "$whole" $((20 * 32)) "folios: a program has $whole of 64 KiB"
requested large 384
is "$(total "$(blocks_with large)")" $((whole * 16)) \
	"folios: as many pages as before are in large folios"
is "$(total "$(blocks_with folio)")" "$whole" "folios: of 64 KiB each"
is "$(folio_stat nr_anon)" "$whole" "folios: which the kernel says too"
is "$(folio_stat split)" "$split" "folios: none was split"
right "folios: the program has what it has written in them"
quit

# Folios take all room that there is for such, and then some single pages.
program --percent 70 --keep 60 \
	--huge $(($(meminfo MemFree) * 30 / 100 / 2048 + 8))
whole=$(folio_stat nr_anon)
split=$(folio_stat split)
# Fields 5 and up of /proc/buddyinfo are free pages of the orders 0 and up.
room=$(run 'coalesce state > /dev/null; cat /proc/buddyinfo' | awk '
	{ for (i = 9; i <= NF; i++) n += $i * 2 ^ (i - 9) } END { print n }')
requested_large large 3072 12 1
cmp_ok "$room" -lt $((there / 16)) \
	"no room: for $room of $((there / 16)) folios of 64 KiB"
split=$(($(folio_stat split) - split))
cmp_ok "$split" -ge $(((there / 16 - room) / 2)) \
	"no room: $split folios were split"
is "$((whole - $(folio_stat nr_anon)))" "$split" \
	"no room: and the program has lost no other"
right "no room: it has what it has written in them"
quit

# ----- pages that KSM has merged ----------------------------------------------
ksm=/sys/kernel/mm/ksm
ksm_scan() { # TIMES
	local until
	until=$(($(run "cat $ksm/full_scans") + $1))
	run "echo 1 > $ksm/run"
	ok "KSM: it looks at all pages $1 times" wait_for 300 ksm_scanned "$until"
	run "echo 0 > $ksm/run"
}
ksm_scanned() {
	[ "$(run "cat $ksm/full_scans")" -ge "$1" ]
}
merged() {
	run "cd $ksm && grep . pages_shared pages_sharing" | tr '\n' ' '
}

program --percent 25 --keep 60 --as merged
run "echo 100000 > $ksm/pages_to_scan && echo 0 > $ksm/sleep_millisecs"
ksm_scan 3
merged=$(merged)
kib=$(rollup KSM "$pid")
note "KSM: $merged, $kib KiB of the program"
cmp_ok "$(run "cat $ksm/pages_sharing")" -ge 2000 "KSM: it has merged pages"
requested twice 16
is "$(total "$before")" "$(run "cat $ksm/pages_shared")" \
	"KSM: just these pages are mapped more than once"
is "$(total "$(blocks_with twice)")" "$(total "$before")" \
	"KSM: as many as before"
is "$(rollup KSM "$pid")" "$kib" "KSM: the program has as many mapped"
# It forgets those that it does not find any more.
ksm_scan 2
is "$(merged)" "$merged" "KSM: it finds all of them again"
right "KSM: the program has what it has written"
quit

# ----- locked pages -----------------------------------------------------------
locked() {
	run 'coalesce state > /dev/null; echo 1 > /proc/sys/vm/stat_refresh
		grep -E "^(Mlocked|Unevictable):" /proc/meminfo' | tr -d '\n'
}

program --percent 25 --keep 60 --as locked
locked=$(locked)
note "$locked"
cmp_ok "$(meminfo Mlocked)" -ge $((32 << 10)) "locked: a program has locked pages"
requested locked 32
is "$(total "$(blocks_with locked)")" "$(total "$before")" \
	"locked: as many pages as before are locked and unevictable"
is "$(locked)" "$locked" "locked: which the kernel says too"
right "locked: the program has what it has written"
quit

# ----- shared memory ----------------------------------------------------------
program --percent 25 --keep 60 --as shared
shared() {
	echo "$(rollup Rss "$pid") $(rollup Pss_Shmem "$pid")" \
		"$(rollup Rss "$child") $(rollup Pss_Shmem "$child")"
}
shared=$(shared)
note "shared: resident and its part, for both: $shared"
requested shared 32
is "$(shared)" "$shared" "shared: two processes have mapped the same as before"
right "shared: both have what was written"
like "$(run 'tell /tmp/frag rewrite')" ' wrong=0$' \
	"shared: and one of them has what the other one writes"
quit

# ----- pages that are to be copied on write -----------------------------------
program --percent 25 --keep 60 --as forked
once() { # PID: its anonymous pages, and how many only it has mapped
	local known
	known=$(run "memlook --process $1")
	echo "$(value_of present "$known") $(value_of mapped_once "$known")"
}
forked="$(once "$pid") $(once "$child")"
note "forked: pages and those not shared, for both: $forked"
requested twice 32
is "$(once "$pid") $(once "$child")" "$forked" \
	"forked: two processes share as many pages as before"
right "forked: both have what was written"
like "$(run --timeout 300 'tell /tmp/frag rewrite')" ' wrong=0$' \
	"forked: and none of them what the other one writes now"
quit

is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"
guest_stop "$guest"

done_testing
