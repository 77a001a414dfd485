#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Why a region was not made. What keeps blocks from being emptied is put there on
# purpose, and found again in /proc/kpageflags, or by the hypervisor, which looks
# at the guest's memory: a request has to name it for each block that has it.
#
# Only blocks count where it is at the first frame: the first obstacle decides,
# and nothing can get in front of that one.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=reasons
guest_start "$guest" --mem 512 --smp 1 --disk 32 --append nokaslr

# What each block is used for, while no page is on a per-CPU list.
look() {
	run 'coalesce state > /dev/null; blocklook'
}

# with PATTERN LOOK: the blocks whose lines match.
with() {
	grep -E " $1" <<< "$2" | cut -d ' ' -f 1
}

# first KIND LOOK: those that begin with such a page.
first() {
	awk -v kind="$1" '$NF == "first=" kind "@" $1 { print $1 }' <<< "$2"
}

# holding WORD BLOCKS: those in whose first eight bytes the hypervisor sees WORD.
holding() {
	local gfn seen
	for gfn in $2; do
		seen=$(guest_qmp "$guest" '{"execute":"human-monitor-command",
			"arguments":{"command-line":"xp /1gx '$((gfn << 12))'"}}')
		[[ $seen != *": $1"* ]] || echo "$gfn"
	done
}

# both A B: the blocks that are in A and in B.
both() {
	comm -12 <(sort <<< "$1") <(sort <<< "$2") | sort -n
}

# A program that stays, or the test can't go on.
start() {
	run --timeout 300 "$*" > "$tap_dir/said" || die "$(cat "$tap_dir/said")"
}

# What a request says, without the regions that it has made.
request() {
	run --timeout 300 "coalesce request $* | grep -v ^region"
}

# Of each of these blocks, in one request each.
request_each() { # BLOCKS
	run --timeout 300 "for gfn in ${1//$'\n'/ }; do
		coalesce request --count 1 --range \$gfn+512; done"
}

# All regions that the answers account for, made or not.
accounted() { # ANSWERS
	awk -F= '$1 == "made" || /^shortfall_/ { n += $2 }
		END { print n + 0 }' <<< "$1"
}

# told REASON BLOCKS LEAST WHAT: there are as many such blocks, and a request for
# each says just that.
told() {
	local nr
	nr=$(wc -w <<< "$2")
	cmp_ok "$nr" -ge "$3" "$4: $nr blocks are known"
	out=$(request_each "$2")
	is "$(sum_of "shortfall_$1" "$out") of $(accounted "$out")" \
		"$nr of $nr" "$4: told of each: $1" ||
		diag "$(grep -E '^(made|short)' <<< "$out" | sort | uniq -c)"
}

# gone BLOCKS LEAST WHAT: that many of them are made.
gone() {
	local made
	made=$(sum_of made "$(request_each "$1")")
	cmp_ok "$made" -ge "$2" \
		"$3: $made of $(wc -w <<< "$1") are made once it has gone"
}

# The series' counters, and what one of them has gained since $counters.
counters() {
	run "sed -n 's/^coalesce_//p' /proc/vmstat"
}

gained() { # NAME
	echo $(($(counters | sed -n "s/^$1 //p") -
		$(sed -n "s/^$1 //p" <<< "$counters")))
}

# ----- reserved at boot ---------------------------------------------------------
# Of the kernel's code nothing is given back when it has come up.
code=$(run 'cat /proc/iomem' | sed -n 's/^ *\([0-9a-f-]*\) : Kernel code$/\1/p')
code=$(for ((gfn = (0x${code%-*} + 0x1fffff) >> 21 << 9;
	gfn + 512 <= (0x${code#*-} + 1) >> 12; gfn += 512)); do
	echo "$gfn"
done)
told reserved "$code" 3 "the kernel's code"

# ----- huge pages ---------------------------------------------------------------
asked=8
# With so little memory, transparent ones are off at first.
run "echo $asked > /proc/sys/vm/nr_hugepages
	echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
start fragment /tmp/huge --percent 1 --keep 100 --huge "$asked"
now=$(look)
hugetlb=$(with 'hugetlb=512 ' "$now")
is "$(wc -w <<< "$hugetlb") $(run 'cat /proc/sys/vm/nr_hugepages')" \
	"$asked $asked" "hugetlb: each page is seen in a block"
told hugetlb "$hugetlb" "$asked" hugetlb
huge=$(with 'thp=512 ' "$now")
is "$(wc -w <<< "$huge") $(meminfo AnonHugePages)" "$asked $((asked << 11))" \
	"huge pages: each is seen in a block"
told huge_page "$huge" "$asked" "huge pages"

# ----- memory of the kernel's ---------------------------------------------------
start hold /tmp/pipe pipe 4096
now=$(look)
pipe=$(holding 0x7070707070707070 "$(first bare "$now")")
told kernel "$pipe" 4 "pages in a pipe"

tables=$(meminfo PageTables)
nr=4000
start hold /tmp/tables tables "$nr"
cmp_ok "$(($(meminfo PageTables) - tables))" -ge $((nr * 4)) \
	"page tables: the kernel counts them"
before=$(look)
# Whoever's the first one is, there are enough of the program's behind it.
tables=$(both "$(first pgtable "$before")" \
	"$(with 'pgtable=(4[0-9][0-9]|5..) ' "$before")")
told pgtable "$tables" 4 "page tables"

# Files of a file system in memory: their inodes and names, in slabs of their own.
files=50000
inodes() {
	run 'cat /proc/slabinfo' | awk '$1 == "shmem_inode_cache" { print $2 }'
}
before=$(look)
before_files=$(inodes)
run --timeout 300 "mkdir /tmp/files; cd /tmp/files; i=0
	while [ \$i -lt $files ]; do : > \$i; i=\$((i + 1)); done"
# Some that were there before may have gone.
cmp_ok "$(($(inodes) - before_files))" -ge $((files - 1000)) \
	"slabs: the kernel counts the files"
now=$(look)
# Of blocks that were free all slabs have come with the files, and stay.
slabs=$(both "$(first slab "$now")" "$(with free=512 "$before")")
told slab "$slabs" 8 "files in slabs"
named=$(sed -n 's/^detail_slab \(shmem_inode_cache\|dentry\) //p' <<< "$out" |
	awk '{ n += $1 } END { print n + 0 }')
cmp_ok "$named" -ge $(($(wc -w <<< "$slabs") * 3 / 4)) \
	"files in slabs: of most of them: of inodes or of names"
before=$now

# Nearly all that has come with the threads, and that no flag tells of, is stacks.
# The lowest page of each begins with STACK_END_MAGIC.
stacks=$(meminfo KernelStack)
threads=3500
start hold /tmp/threads threads "$threads"
cmp_ok "$(($(meminfo KernelStack) - stacks))" -ge $((threads * 16)) \
	"stacks: the kernel counts them"
now=$(look)
stacks=$(both "$(first bare "$now")" "$(with free=512 "$before")")
nr=$(wc -w <<< "$stacks")
cmp_ok "$nr" -ge 8 "stacks: $nr blocks begin with what has come with threads"
out=$(request_each "$stacks")
cmp_ok "$(sum_of shortfall_stack "$out")" -ge $((nr * 3 / 4)) \
	"stacks: told of most of them: stack"
lowest=$(holding 0x0000000057ac6e9d "$stacks")
told stack "$lowest" 1 "stacks that begin there"
told kernel "$pipe" 4 "pages in a pipe, beside stacks"

# ----- all of them --------------------------------------------------------------
all=2000
out=$(request --plan --count "$all")
note "$(tr '\n' ' ' <<< "$out")"
is "$(accounted "$out")" "$all" "in all memory: each region is made or explained"
# sum_of says 0 for what is not there.
for known in "reserved $code" "slab $slabs" "kernel $pipe" \
	"pgtable $tables" "stack $lowest"; do
	reason=${known%% *}
	cmp_ok "$(sum_of "shortfall_$reason" "$out")" -ge \
		"$(wc -w <<< "${known#* }")" "in all memory: $reason"
done
is "$(sum_of shortfall_hugetlb "$out") $(sum_of shortfall_huge_page "$out")" \
	"$asked $asked" "in all memory: as many huge pages as there are"

# ----- and none of them ---------------------------------------------------------
run 'for who in huge pipe tables threads; do tell /tmp/$who quit; done
	rm -r /tmp/files
	echo 0 > /proc/sys/vm/nr_hugepages' > /dev/null
gone "$hugetlb" $((asked / 2)) hugetlb
gone "$huge" $((asked / 2)) "huge pages"
gone "$pipe" 1 "pages in a pipe"
gone "$slabs" 4 "files in slabs"
gone "$tables" 1 "page tables"

# ----- locked -------------------------------------------------------------------
# Pages that are being read are locked, and a disk that gives a byte in a second
# is as good as one that never answers.
read_bytes_per_second() {
	guest_qmp "$guest" '{"execute":"block_set_io_throttle","arguments":{
		"device":"disk","bps_rd":'"$1"',"bps":0,"bps_wr":0,
		"iops":0,"iops_rd":0,"iops_wr":0}}' > /dev/null
}
locked() {
	with 'locked=512 ' "$(look)"
}
some_locked() {
	[ -n "$(locked)" ]
}
none_locked() {
	[ -z "$(with locked= "$(look)")" ]
}
run 'mount -t ext4 /dev/vda /mnt
	dd if=/dev/zero of=/mnt/file bs=1M count=16 2> /dev/null; sync
	echo 1 > /proc/sys/vm/drop_caches
	echo 16384 > /sys/block/vda/queue/read_ahead_kb'
read_bytes_per_second 1
run 'dd if=/mnt/file of=/dev/null bs=16M < /dev/null > /dev/null 2>&1 &'
ok "a file is being read" wait_for 60 some_locked
locked=$(locked)
run 'mount -t tracefs trace /sys/kernel/tracing
	cd /sys/kernel/tracing && echo 1 > events/coalesce/coalesce_failure/enable'
counters=$(counters)
nr_locked=$(wc -w <<< "$locked")
told locked "$locked" 1 "pages that are being read"
# Such pages look as if they could be moved: it is found out when they are taken.
is "$(gained request) $(gained made) $(gained failed) $(gained moved)" \
	"$nr_locked 0 $nr_locked 0" \
	"/proc/vmstat: as many requests, and regions that have failed"
cmp_ok "$(gained scanned)" -ge "$nr_locked" "/proc/vmstat: and what they looked at"
said=$(run 'cat /sys/kernel/tracing/trace' | grep -o 'coalesce_failure: .*' |
	sort -u)
is "$said" "$(for gfn in $locked; do
	printf 'coalesce_failure: pfn=0x%x order=9 why=locked\n' "$((gfn))"
done | sort)" "a tracepoint names each of them, and the reason"
run 'echo 0 > /sys/kernel/tracing/events/coalesce/enable'
read_bytes_per_second 0
ok "it has been read" wait_for 60 none_locked
gone "$locked" "$nr_locked" "pages that are being read"
run 'umount /mnt'

# ----- the budget, and nowhere to start from ------------------------------------
# comb K: of some blocks in a row, $nr in $range, every Kth frame is in use.
comb() {
	local line
	start comb /tmp/comb --percent 60 --every "$@"
	line=$(with "free=$((512 - 512 / $1)) lru=$((512 / $1)) " "$(look)" | awk '
		{ nr = $1 == last + 512 ? nr + 1 : 1; last = $1 }
		nr > most { most = nr; first = $1 - (nr - 1) * 512 }
		END { print first, most + 0 }')
	nr=${line#* }
	range="--range ${line% *}+$((nr * 512))"
	cmp_ok "$nr" -ge 8 "one frame in $1 is in use in $nr blocks"
}
no_comb() {
	run 'tell /tmp/comb quit' > /dev/null
}

# What is asked for comes to an end by the limit, and nothing else is in the way.
just_limited() { # MOVES MOVES-OF-ONE OPTIONS...
	local limit=$1 one=$2 what
	shift 2
	what="$limit moves, $*"
	out=$(request --count "$nr" "$range" --max-moves "$limit" "$@")
	cmp_ok "$(value_of moves_tried "$out")" -ge "$one" "$what: a region's moves"
	cmp_ok "$(value_of moves_tried "$out")" -le "$limit" "$what: not more"
	cmp_ok "$(sum_of shortfall_budget "$out")" -ge $((nr - limit / one)) \
		"$what: $((limit / one)) regions at most, because of the budget"
	is "$(($(value_of made "$out") + $(sum_of shortfall_budget "$out")))" "$nr" \
		"$what: which is all that is in the way"
}

# none_made REASON STRATEGY WHAT
none_made() {
	local out
	out=$(request --count "$nr" "$range" --strategy "$2")
	is "$(sum_of "shortfall_$1" "$out") of $(accounted "$out")" \
		"$nr of $nr" "$3: $2 makes no region, and says $1"
	is "$(value_of moves_tried "$out")" 0 "$3: nor tries a move"
}

all_made() { # WHAT
	is "$(value_of made "$(request --count "$nr" "$range")")" "$nr" \
		"$1: cost makes them all"
}

# The search of 2005 starts from free blocks of eight pages.
comb 2
none_made no_start freelist "single free pages"
just_limited 1000 256 --strategy cost --plan
just_limited 1000 256 --strategy cost
all_made "without a limit"
no_comb

comb 16
just_limited 100 32 --strategy freelist --plan
just_limited 100 32 --strategy freelist
is "$(value_of made "$(request --count "$nr" "$range" --strategy freelist)")" "$nr" \
	"15 free pages in a row: freelist makes them all"
no_comb

# ----- busy ---------------------------------------------------------------------
# To that search, a page is busy as soon as two have it.
comb 16 --shared
out=$(run "memlook --process $(value_of pid "$(cat "$tap_dir/said")") \
	${range//[!0-9]/ }")
is "$(value_of present "$out") $(value_of mapped_once "$out")" "$((nr * 32)) 0" \
	"each page is mapped by two processes"
none_made busy freelist "pages of two processes"
all_made "pages of two processes"
no_comb
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
