#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A block that can't be emptied is left as it was: a pinned page, in whatever
# place of it, is seen before anything is touched. A page that is pinned after
# that, while the others are on their way, and a move for which no memory is
# found, which fault injection makes, are rolled back.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"
source "$top/tests/lib/kv.sh"
source "$top/tests/lib/accounts.sh"

# What two looks may differ by for other reasons: the pages of the shell and of
# the programs that look, and what the kernel's caches grow by. Only pages that
# go missing count: a page that was lost is in no account any more.
slack_pages=150
# One page lost by each roll back is more than that where many are made between
# two looks. A cache that grows does so once and not by this much again, while a
# leak loses as many each time: so it takes several batches in a row to fail.
many=200
batches=3

# The per-CPU lists are drained first, so that the counts are exact.
look() {
	echo "accounted=$(accounted_pages g)"
	guest_run g memlook
}

window_pages() { # GFN: use and mappings of each page, without ageing's bits
	guest_run g "coalesce state > /dev/null; memlook --pages $1 512" |
		while read -r gfn flags mapped; do
			flags=$((0x${flags#flags=}))
			# KPF_LRU, MMAP, ANON, BUDDY, UNEVICTABLE
			echo "$gfn $((flags & ((1 << 5) | (1 << 11) | (1 << 12) |
				(1 << 10) | (1 << 18)))) $mapped"
		done
}

none_missing() { # BEFORE AFTER KEY DESCRIPTION
	local a b
	a=$(value_of "$3" "$1")
	b=$(value_of "$3" "$2")
	cmp_ok "$((a - b))" -le "$slack_pages" "$4 ($a, then $b)"
}

# Runs COMMAND up to $batches times, until one time no page is missing after it.
none_missing_after() { # DESCRIPTION COMMAND [ARG ...]
	local batch before after what=$1
	shift
	after=$(look)
	for ((batch = 1; batch <= batches; batch++)); do
		before=$after
		"$@"
		after=$(look)
		[ "$(($(value_of accounted "$before") - \
			$(value_of accounted "$after")))" -gt "$slack_pages" ] ||
			break
		note "$what: $(value_of accounted "$before") pages," \
			"then $(value_of accounted "$after")"
	done
	none_missing "$before" "$after" accounted "$what"
}

# The program itself may have been hit and said nothing: then it is no number.
add() { # NAME NUMBER
	printf -v "$1" %s $((${!1} + ${2:-0}))
}

guest_start g --kernel debug --mem 512

for by in vmsplice io_uring; do
	for place in 0 255 511; do
		what="$by at $place"
		pin=$(guest_run g "pin /tmp/pin --place $place --by $by")
		gfn=$(value_of gfn "$pin")
		range="--count 1 --range $gfn+512"
		pages=$(window_pages "$gfn")
		before=$(look)
		out=$(guest_run g "coalesce request $range")
		is "$(value_of made "$out")" 0 "$what: no region is made"
		is "$(value_of shortfall_pinned "$out")" 1 \
			"$what: the shortfall says pinned"
		is "$(window_pages "$gfn")" "$pages" \
			"$what: each of the 512 pages is as it was"
		after=$(look)
		none_missing "$before" "$after" lru_pages "$what: LRU pages"
		is "$(value_of nr_isolated "$after")" 0 \
			"$what: no page stays isolated"
		no_block_isolated g "$what"
		like "$(guest_run g 'tell /tmp/pin check')" \
			" wrong=0 place=$(value_of pinned "$pin")" \
			"$what: contents and place are the same"
		[ "$place" != 255 ] || none_missing_after \
			"$what: $many times: free pages and caches" \
			guest_run g "i=0; while [ \$i -lt $many ]; do
				coalesce request $range > /dev/null
				i=\$((i + 1)); done"
		guest_run g 'tell /tmp/pin unpin' > /dev/null
		is "$(value_of made "$(guest_run g "coalesce request $range")")" \
			1 "$what: once unpinned, the region is made"
		like "$(guest_run g 'tell /tmp/pin check')" ' wrong=0 ' \
			"$what: contents are the same after moving"
		guest_run g 'tell /tmp/pin quit' > /dev/null
	done
done

# ----- a pinned page in each place ------------------------------------------------
# Every sixteenth place, and the last.
guest_run g "pin /tmp/pin --place 0 --percent 40" > /dev/null
out=$(guest_run g --timeout 300 '
	for place in $(seq 0 16 511) 511; do
		set -- $(tell /tmp/pin place $place)
		out=$(coalesce request --count 1 --range ${1#gfn=}+512)
		case "$out" in
		*moves_tried=0*shortfall_pinned=1*) echo ok ;;
		*) echo $place: $out ;;
		esac
	done')
is "$(grep -cx ok <<< "$out")" 33 "33 places: pinned, and nothing is touched"
is "$(grep -vx ok <<< "$out")" "" "33 places: no other answer"

# ----- a page that is pinned half way -----------------------------------------------
# The request has seen a block that can be emptied and has taken its pages off
# their lists when one of them is pinned: that one has to go back.
# ambush PLACE: up to $tries times, until the pinning comes at the right time.
tries=20
ambush() {
	guest_run g --timeout 300 "
		i=0
		while [ \$i -lt $tries ]; do
			set -- \$(tell /tmp/pin place $1)
			tell /tmp/pin ambush > /dev/null
			out=\$(coalesce request --count 1 \
				--range \${1#gfn=}+512)
			case \"\$out\" in
			*moves_tried=512*moves_done=511*)
				echo \$1 \$2
				echo \"\$out\"
				exit
				;;
			esac
			i=\$((i + 1))
		done"
}

for place in 0 1 200 400 511; do
	what="pinned half way at $place"
	out=$(ambush "$place")
	is "$(value_of made "$out")" 0 "$what: no region is made"
	like "$out" 'shortfall_pinned=1' "$what: the shortfall says pinned"
	pinned=$(sed -n '1s/.*pinned=//p' <<< "$out")
	gfn=$((${pinned:-0} - place))
	like "$(guest_run g 'tell /tmp/pin check')" \
		" wrong=0 place=${pinned:-none}\$" \
		"$what: it is where it was, and its contents are the same"
	# KPF_LRU
	is "$(window_pages "$gfn" | awk -v pinned="$pinned" '
		$1 == pinned { print and_lru($2), $3 }
		function and_lru(flags) { return int(flags / 32) % 2 }')" \
		"1 mapped=1" "$what: it is on an LRU list again, and mapped once"
	# Some are in use again by the programs that look.
	cmp_ok "$(window_pages "$gfn" | awk '$2 == 1024' | wc -l)" -ge 256 \
		"$what: what had moved has left free pages"
	is "$(value_of nr_isolated "$(guest_run g memlook)")" 0 \
		"$what: no page stays isolated"
	no_block_isolated g "$what"
	# It moves only when nobody but its owner has a reference.
	guest_run g 'tell /tmp/pin unpin' > /dev/null
	out=$(guest_run g "coalesce request --count 1 --range $gfn+512")
	is "$(value_of made "$out")" 1 \
		"$what: once unpinned, it moves and the region is made"
done
guest_run g 'tell /tmp/pin quit' > /dev/null

# ----- no memory to move to --------------------------------------------------------
# Half of each block is in use, so that each region takes moves. One in ten
# allocations of the task fails, the targets of its moves too, once "space"
# pages have been had: enough for the program to start with.
guest_run g 'echo 0 > /proc/sys/vm/compaction_proactiveness'
unused=$(look)
pid=$(value_of pid "$(guest_run g 'fragment /tmp/frag --percent 80')")
guest_run g 'cd /sys/kernel/debug/fail_page_alloc && echo -1 > times &&
	echo 0 > min-order && echo N > ignore-gfp-wait &&
	echo N > ignore-gfp-highmem && echo Y > task-filter && echo 0 > verbose'
failed=0 tried=0 moved=0
rounds=10
requests_with_faults() {
	local i strategy out
	guest_run g 'echo 10 > /sys/kernel/debug/fail_page_alloc/probability'
	for ((i = 0; i < rounds; i++)); do
		for strategy in cost freelist; do
			out=$(guest_run g "cd /sys/kernel/debug/fail_page_alloc
				echo 400 > space
				echo 1 > /proc/self/make-it-fail
				exec coalesce request --count 100 \
					--strategy $strategy")
			add failed "$(value_of shortfall_no_target "$out")"
			add tried "$(value_of moves_tried "$out")"
			add moved "$(value_of moves_done "$out")"
		done
	done
	guest_run g 'echo 0 > /sys/kernel/debug/fail_page_alloc/probability'
}
before=$(look)
none_missing_after "fault injection: free pages and caches" requests_with_faults
after=$(look)
note "$failed regions lacked a place to move to," \
	"$tried moves tried, $moved done"
cmp_ok "$failed" -gt "$rounds" "fault injection: requests were hit"
cmp_ok "$((tried - moved))" -gt $((rounds * 10)) \
	"fault injection: pages were put back"
none_missing "$before" "$after" lru_pages "fault injection: LRU pages"
is "$(value_of nr_isolated "$after")" 0 \
	"fault injection: no page stays isolated"
mine=$(guest_run g "memlook --process $pid")
is "$(value_of lru "$mine")" "$(value_of present "$mine")" \
	"fault injection: each page is back on an LRU list"
is "$(value_of mapped_once "$mine")" "$(value_of present "$mine")" \
	"fault injection: each page is mapped once, as before"
like "$(guest_run g 'tell /tmp/frag check')" 'wrong=0$' \
	"fault injection: contents are the same"
no_block_isolated g "fault injection"
all=$(guest_run g 'coalesce request --count 40')
is "$(value_of made "$all")" 40 "without faults, as many regions as asked"
# A page with a reference too many would not be freed with its process. Hundreds
# of them have been put back; what caches have grown by since is less.
guest_run g 'tell /tmp/frag quit' > /dev/null
cmp_ok "$((tried - moved))" -gt 1000 "fault injection: pages by the hundreds"
slack_pages=500
none_missing "$unused" "$(look)" accounted \
	"fault injection: all that the program had is accounted for"
is "$(guest_oops g)" "" "the kernel has nothing to complain of"

done_testing
