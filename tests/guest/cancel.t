#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever ends a request half way, while pages are moving (a signal, its file being
# closed, its deadline, its budget), memory is sound, the answer says why, and the
# next request goes on from there.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/lib/accounts.sh
source "$top/tests/lib/accounts.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

# More than there can be, so that it takes many moves.
many=1000
enough=1500

guest=cancel
mib=384
guest_start "$guest" --kernel debug --mem "$mib"
request() { # OPTIONS
	run --timeout 600 "coalesce request --count $many $*"
}

holes --percent 80
whole=$(request)
moves=$(value_of moves_done "$whole")
cmp_ok "$moves" -ge $((3 * enough)) "nothing ends it: all is made with many moves"
no_holes "nothing ends it"

# ended REASON OPTIONS: one that was ended for this reason, half way.
ended() {
	local what=$1 out moved made
	shift
	holes --percent 80
	out=$(request "$@")
	moved=$(value_of moves_done "$out")
	made=$(value_of made "$out")
	cmp_ok "$(value_of "shortfall_$what" "$out")" -gt 0 "$*: ends it" ||
		diag "$(grep -v ^region <<< "$out")"
	# Which ones it would have tried, the search of 2005 doesn't know.
	[[ $* == *freelist* ]] ||
		cmp_ok "$(value_of "shortfall_$what" "$out")" -le $((mib / 2)) \
			"$*: of no more regions than there are"
	cmp_ok "$moved" -gt 0 "$*: pages had been moved"
	cmp_ok "$moved" -lt "$moves" "$*: not all of them"
	cmp_ok "$made" -lt "$(value_of made "$whole")" \
		"$*: there are fewer regions"
	is "$(value_of held_regions "$(run 'coalesce state')")" 0 \
		"$*: none stays held"
	is "$(value_of nr_isolated "$(run memlook)")" 0 \
		"$*: no page stays isolated"
	no_block_isolated "$guest" "$*"
	out=$(run --timeout 600 "coalesce request --count $((made + 4))")
	is "$(value_of made "$out")" $((made + 4)) \
		"$*: the next request makes more"
	no_holes "$*"
}

ended cancelled --signal-at "$enough"
ended cancelled --close-at "$enough"
ended budget --max-moves "$enough"
ended deadline --timeout-ns $(($(value_of elapsed_ns "$whole") / 3))
ended cancelled --signal-at "$enough" --strategy freelist
# Of a large region some blocks are taken before others are empty.
ended cancelled --close-at "$enough" --order 13
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
