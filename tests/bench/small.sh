#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# small.sh DIR: guest time of small and large requests for N regions, over that
# of nr_hugepages=N from the same state, in which eight regions are free. Cost
# has to take no longer; what free memory meets both take from it alike, and by a
# twentieth they differ when nothing else does. Leaves DIR/small.json, one object
# for each, and DIR/small.missed with a line for each that takes longer; ends with 1
# when there is one.
#
# What differs from the scenarios: the pattern that free memory has, and counts
# so small that looking at the guest is most of the work. What free memory meets
# takes so little that an interrupt is half of it: that is done three times, and
# the least counts.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"

out=${1:?usage: small.sh DIR}
mkdir -p "$out"
missed=0
rows=()

free=8

# measure METHOD PATTERN COUNT MIB: from a fresh boot each.
measure() {
	local guest=$1-$2-$3-$4 state said check ask times since=$EPOCHSECONDS
	guest_start "$guest" --counted yes --mem "$4"
	state=$(guest_run "$guest" --timeout 300 "
		echo 0 > /proc/sys/vm/compaction_proactiveness
		echo never > /sys/kernel/mm/transparent_hugepage/defrag
		fragment /tmp/frag --percent 90 --pattern $2 --leave-free $free") ||
		die "no workload: $state"
	ask="coalesce request --count $3 --strategy $1"
	[ "$1" != nr_hugepages ] || ask="nrhuge $3"
	times=1
	[ "$3" -gt "$free" ] || times=3
	said=$(guest_run "$guest" --timeout 300 "
		for i in \$(seq $times); do $ask > /tmp/said.\$i; done
		cat \$(grep '^elapsed_ns=' /tmp/said.* /dev/null |
			sort -t = -k 2,2n | sed -n '1s/:.*//p')")
	check=$(guest_run "$guest" --timeout 300 'tell /tmp/frag check')
	[[ $check == *' wrong=0' ]] || die "$1 $2: $check"
	guest_stop "$guest"
	made=$(value_of made "$said")
	ns=$(value_of elapsed_ns "$said")
	moves=$(value_of moves_done "$said")
	if [ -z "$made" ] || [ -z "$ns" ] || [ -z "$moves" ]; then
		die "small requests: $1 $2 $3 in $4 MiB: $said"
	fi
	printf '%5ds  small %-8s %5s MiB  %s: %s of %s, %s moves, %s ns  (%d s)\n' \
		$((EPOCHSECONDS - ${bench_start:-EPOCHSECONDS})) \
		"$2" "$4" "$1" "$made" "$3" "$moves" "$ns" \
		$((EPOCHSECONDS - since))
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
	[ "$2" -gt "$free" ] || theirs_ns=$((theirs_ns * 105 / 100))
	if [ "$made" -lt "$theirs_made" ] || [ "$ns" -gt "$theirs_ns" ]; then
		echo "missed: small requests: $*: $made in $ns ns, not" \
			"$theirs_made in $theirs_ns ns" >> "$out/small.missed"
		missed=1
	fi
}

rm -f "$out/small.missed"
# What free memory meets, few regions, many, and few of a larger guest.
for pattern in random runs; do
	for count in 1 16 64 150; do
		compare "$pattern" "$count" 1024
	done
done
compare random 1 4096
compare random 32 4096

printf '%s\n' "${rows[@]}" | jq -s . > "$out/small.json"
exit "$missed"
