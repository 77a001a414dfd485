# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Requests for regions just where pages of some kind are. Needs guest.sh and
# kv.sh sourced before, and $guest to be the guest's name.
#
#   run COMMAND             in the guest
#   vmstat NAME, meminfo NAME    what the kernel counts; meminfo is in KiB
#   holes OPTIONS           fragment makes holes for other pages to lie in
#   no_holes WHAT           its memory is right; then it ends
#   blocks_with KIND        lines of a block's first frame and the number of
#                           such pages in it; see memlook.c for the kinds
#   total BLOCKS            such pages in all of these blocks
#   requested KIND LEAST    asks for $regions of the $range_blocks where most of
#                           these pages are

# shellcheck disable=SC2154 # guest is set by the test
run() {
	guest_run "$guest" "$@"
}

vmstat() {
	run "sed -n 's/^$1 //p' /proc/vmstat"
}

meminfo() {
	run "sed -n 's/^$1: *\([0-9]*\) kB/\1/p' /proc/meminfo"
}

holes() {
	run "fragment /tmp/frag $*" > /dev/null
}

no_holes() {
	like "$(run --timeout 300 'tell /tmp/frag check')" ' wrong=0$' \
		"$1: memory of a program among them is the same"
	run 'tell /tmp/frag quit' > /dev/null
}

blocks_with() {
	run "coalesce state > /dev/null; memlook --blocks $1"
}

total() {
	awk '{ n += $2 } END { print n + 0 }' <<< "$1"
}

regions=8
range_blocks=24

# fullest_range BLOCKS: the $range_blocks blocks with the most of these pages.
fullest_range() {
	awk -v size="$range_blocks" '
		{ have[$1 / 512] = $2; last = $1 / 512 }
		END {
			for (first = 0; first + size <= last + 1; first++) {
				n = 0
				for (i = first; i < first + size; i++)
					n += have[i]
				if (n >= most) { most = n; best = first }
			}
			print best * 512 "+" size * 512
		}' <<< "$1"
}

# in_regions BLOCKS OUTPUT: how many were where a request has made regions.
in_regions() {
	awk 'NR == FNR { have[$1] = $2; next }
	     $1 == "region" { n += have[$3] }
	     END { print n + 0 }' <(echo "$1") <(echo "$2")
}

# Leaves the blocks that had such pages in $before, the answer in $out, and in
# $there how many pages were where regions are made; to be LEAST a region.
requested() {
	before=$(blocks_with "$1")
	out=$(run --timeout 300 "coalesce request --count $regions \
		--range $(fullest_range "$before")")
	is "$(value_of made "$out")" "$regions" "$1: regions are made"
	there=$(in_regions "$before" "$out")
	note "$1: $there of $(total "$before") pages were where regions are"
	cmp_ok "$there" -ge "$((regions * $2))" "$1: where such pages were"
	cmp_ok "$(value_of moves_done "$out")" -ge "$there" "$1: they were moved"
}
