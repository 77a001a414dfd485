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
#   hold_regions OPTIONS    a request that keeps its regions; $held is what it said
#   give_back               ends it
#   requests_begin RANGE    from now on one request after the other is made, of the
#                           range and of all memory in turns; /tmp/requests is
#                           what they say
#   answered, more_answered THAN    how many have been, and are there more
#   requests_end WHAT       all are answered, none has failed, and it is over
#   short_zones             zones of which a request has taken too much
#   requested KIND LEAST    asks for $regions regions of blocks that have most of
#                           these pages, and at least so many

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

regions_are_held() {
	run 'grep -q ^held /tmp/held'
}

hold_regions() {
	run "[ -e /tmp/never ] || mkfifo /tmp/never
		exec 3<> /tmp/never
		coalesce request $* <&3 > /tmp/held 2>&1 &
		echo \$! > /tmp/held.pid"
	wait_for 120 regions_are_held
	local status=$?
	held=$(run 'cat /tmp/held')
	return "$status"
}

nothing_is_held() {
	[ "$(value_of held_regions "$(run 'coalesce state')")" = 0 ]
}

give_back() {
	run 'kill $(cat /tmp/held.pid); rm /tmp/held'
	wait_for 60 nothing_is_held
}

requests_begin() {
	run "(while [ ! -e /tmp/enough ]; do
			coalesce request --count 40 --range $1 < /dev/null
			echo answered \$?
			coalesce request --count 100 < /dev/null
			echo answered \$?
		done; touch /tmp/over) > /tmp/requests 2>&1 &"
}

answered() {
	run 'grep -c "^answered [03]$" /tmp/requests'
}

more_answered() {
	[ "$(answered)" -gt "$1" ]
}

requests_are_over() {
	run '[ -e /tmp/over ]'
}

requests_end() {
	run 'touch /tmp/enough'
	ok "$1: the last request is answered" wait_for 120 requests_are_over
	is "$(run 'grep -E "^coalesce:|^answered [^03]" /tmp/requests')" "" \
		"$1: none has failed"
	note "$(answered) requests were answered"
}

# But for what is running meanwhile, so many pages.
short_zones() { # [SLACK]
	run 'cat /proc/zoneinfo' |
		awk -v "slack=${1:-128}" -f "$top/tests/guest/short_zones.awk"
}

regions=8

# in_regions BLOCKS OUTPUT: how many were where requests have made regions.
in_regions() {
	awk 'NR == FNR { have[$1] = $2; next }
	     $1 == "region" { n += have[$3] }
	     END { print n + 0 }' <(echo "$1") <(echo "$2")
}

# sum_of KEY OUTPUT: of the answers to several requests.
sum_of() {
	awk -F= -v key="$1" '$1 == key { n += $2 } END { print n + 0 }' <<< "$2"
}

# Asks for one region after the other where most of such pages are, until there
# are enough: some blocks have a page in them that can't be moved. Leaves the
# blocks that had such pages in $before, the answers in $out, and in $there how
# many pages were where regions are made.
requested() {
	local candidates
	before=$(blocks_with "$1")
	candidates=$(sort -k 2,2nr <<< "$before" | awk -v least="$2" \
		-v most=$((3 * regions)) '$2 >= least && n++ < most { print $1 }')
	out=$(run --timeout 300 "n=0
		for pfn in ${candidates//$'\n'/ }; do
			[ \$n -lt $regions ] || break
			coalesce request --count 1 --range \$pfn+512 > /tmp/answer
			n=\$((n + \$(sed -n 's/^made=//p' /tmp/answer)))
			cat /tmp/answer
		done")
	is "$(sum_of made "$out")" "$regions" "$1: regions are made"
	there=$(in_regions "$before" "$out")
	note "$1: $there of $(total "$before") pages were where regions are," \
		"of $(wc -w <<< "$candidates") blocks with $2 or more"
	cmp_ok "$there" -ge "$((regions * $2))" "$1: where such pages were"
	cmp_ok "$(sum_of moves_done "$out")" -ge "$there" "$1: they were moved"
}
