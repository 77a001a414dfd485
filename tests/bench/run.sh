#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR: the two speeds that contig promises. Writes DIR/speed.json, shows
# a table, and ends non-zero when one of them is missed.
#
#   guest time   of a request for N regions, over that of nr_hugepages=N from
#                the same state. The guest's clock counts instructions, so
#                this repeats within a few percent on any machine, busy or not.
#   backing      of the same ranges by contig, over a bare loop of
#                MADV_COLLAPSE (see back_ratio.c). Wall clock, best of several.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"

out=${1:?usage: run.sh DIR}
mkdir -p "$out"
missed=0
rows=()

# measure METHOD PATTERN COUNT MIB: from a fresh boot each, all in the same
# state: eight regions are free.
measure() {
	local guest=$1-$2-$3-$4 state said check
	guest_start "$guest" --counted yes --mem "$4"
	state=$(guest_run "$guest" --timeout 300 "
		echo 0 > /proc/sys/vm/compaction_proactiveness
		echo never > /sys/kernel/mm/transparent_hugepage/defrag
		fragment /tmp/frag --percent 90 --pattern $2 --leave-free 8") ||
		die "no workload: $state"
	case $1 in
	nr_hugepages) said=$(guest_run "$guest" --timeout 300 "nrhuge $3") ;;
	*) said=$(guest_run "$guest" --timeout 300 \
		"coalesce request --count $3 --strategy $1") ;;
	esac
	check=$(guest_run "$guest" --timeout 300 'tell /tmp/frag check')
	[[ $check == *' wrong=0' ]] || die "$1 $2: $check"
	guest_stop "$guest"
	made=$(value_of made "$said")
	ns=$(value_of elapsed_ns "$said")
	moves=$(value_of moves_done "$said")
	printf '%-8s %5s MiB %-13s %5s of %-5s %8s moves %12s ns\n' \
		"$2" "$4" "$1" "$made" "$3" "$moves" "$ns"
	rows+=("$(jq -nc --arg pattern "$2" --arg method "$1" \
		--argjson mib "$4" --argjson asked "$3" --argjson made "$made" \
		--argjson moves "$moves" --argjson ns "$ns" \
		'{ pattern: $pattern, method: $method,
		   guest_mib: $mib, asked: $asked,
		   obtained: $made, moves: $moves, guest_ns: $ns }')")
}

# compare PATTERN COUNT MIB: no more guest time than the kernel's own way.
compare() {
	local theirs_ns theirs_made

	measure nr_hugepages "$@"
	theirs_ns=$ns theirs_made=$made
	measure cost "$@"
	if [ "$made" -lt "$theirs_made" ] || [ "$ns" -gt "$theirs_ns" ]; then
		echo "missed: $*: $made in $ns ns, not $theirs_made in" \
			"$theirs_ns ns" >&2
		missed=1
	fi
}

# What free memory meets, few regions, many, and few of a larger guest.
for pattern in random runs; do
	for count in 1 16 64 150; do
		compare "$pattern" "$count" 1024
	done
done
compare random 1 4096
compare random 32 4096

"$build/tests/bench/back_ratio" > "$out/back_ratio.json" ||
	die "back_ratio failed"
jq -r '"backing \(.memory): \(.ratio) of a bare loop"' "$out/back_ratio.json"
if ! jq -se 'length > 0 and all(.ratio >= 0.9)' "$out/back_ratio.json" \
	> /dev/null; then
	echo "missed: backing at less than 0.9 of a bare loop" >&2
	missed=1
fi

printf '%s\n' "${rows[@]}" | jq -s --slurpfile back "$out/back_ratio.json" \
	'{ version: 1, guest_time: ., backing: $back }' > "$out/speed.json"
exit "$missed"
