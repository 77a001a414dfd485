#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR: contig's main job on a real guest, from a fragmented state to huge
# pages that the host has seen. Writes DIR/result.json, before.svg, after.svg,
# and ends non-zero when anything that it claims does not hold.
set -u
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/host.sh
source "$top/tests/lib/host.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"

out=${1:?usage: run.sh DIR}
guest=demo
regions=64
guest_mib=1024
least_checked=100000
# At most so many of the regions may be there before the request.
most_free=$((regions / 4))
leave_free=8
problems=()

step() {
	printf '%4ds  %s\n' "$SECONDS" "$*"
}

# want DESCRIPTION GOT OPERATOR WANTED: noted, and told at the end when not so.
want() {
	if ! [[ $2 =~ ^-?[0-9]+$ ]] || ! test "$2" "$3" "$4"; then
		problems+=("$1: $2, not $3 $4")
	fi
}

status_of() { # JQ-FILTER: of the guest's status
	ctl status "$guest" --json | jq -r ".guests[0] | $1"
}

workload() { # fragment's arguments
	local said

	# What keeps the kernel from undoing the state while it is made: its own
	# background compaction, and compaction for huge pages.
	said=$(guest_run "$guest" "
		echo 0 > /proc/sys/vm/compaction_proactiveness
		echo never > /sys/kernel/mm/transparent_hugepage/defrag
		fragment /tmp/frag --leave-free $leave_free $*") ||
		die "the workload does not start: $said"
}

check_workload() {
	local said

	said=$(guest_run "$guest" 'tell /tmp/frag check')
	pages_checked=$(value_of checked "$said")
	pages_wrong=$(value_of wrong "$said")
	want "pages checked" "${pages_checked:-none}" -ge "$least_checked"
	want "wrong pages" "${pages_wrong:-unknown}" -eq 0
}

# request NAME ARGUMENTS...: leaves $out/NAME.json.
request() {
	local file=$out/$1.json status
	shift
	ctl request "$guest" --size 2M --count "$regions" --json "$@" > "$file"
	status=$?
	if [ "$status" != 0 ] && [ "$status" != 3 ]; then
		die "the request ended with $status; $(tail -n 3 \
			"$tap_dir/contigd.log")"
	fi
	return "$status"
}

mkdir -p "$out"
rm -f "$out"/*.json "$out"/*.svg

step "booting a guest of $guest_mib MiB"
# Shared memory gets no huge pages by itself, as guest memory gets none on a
# host that has been busy for a while: what is backed later, contig has backed.
guest_start "$guest" --mem "$guest_mib" --memory memory-backend-ram,share=on
guest_agent "$guest"
host_start "$guest"

step "filling it with checksummed pages, giving half of them back at random"
workload --percent 90 --keep 50 --seed 1
free_before=$(status_of .free)
backed_before=$(status_of .backed)
free_mib=$(($(status_of .memory.free_bytes) >> 20))
want "regions free before" "$free_before" -le "$most_free"
ctl map "$guest" --svg "$out/before.svg" || problems+=("no picture before")
step "$free_mib MiB are free, but only $free_before of $regions regions"

step "asking for $regions regions of 2 MiB"
request cost --into hold || problems+=("the request ended with $?")
held=$(status_of .held)
want "regions held after the request" "$held" -eq "$regions"
ctl map "$guest" --svg "$out/after.svg" || problems+=("no picture after")
check_workload
cost_checked=$pages_checked cost_wrong=$pages_wrong
step "$(jq -r '"made \(.made), backed \(.backed) (seen by \(.evidence)), " +
	"\(.work.moves_done) pages moved, " +
	"\(.elapsed_ns / 1000000 | floor) ms"' "$out/cost.json")"
step "the workload checked $pages_checked pages, $pages_wrong wrong"
ctl release "$guest" --all > /dev/null || problems+=("the release failed")
want "regions held after the release" "$(status_of .held)" -eq 0
want "requested" "$(jq .requested "$out/cost.json")" -eq "$regions"
want "made" "$(jq .made "$out/cost.json")" -eq "$regions"
want "backed" "$(jq .backed "$out/cost.json")" -eq "$regions"
want "regions held and backed, as the host saw them" "$(jq '[.regions[] |
	select(.backed and .state == "held")] | length' "$out/cost.json")" \
	-eq "$regions"
jq -e '.evidence | IN("pagemap_scan", "smaps")' "$out/cost.json" > /dev/null ||
	problems+=("the evidence is $(jq .evidence "$out/cost.json")")

step "another workload, that leaves free blocks of order 3 to 8"
guest_run "$guest" 'tell /tmp/frag quit' > /dev/null
workload --percent 90 --keep 50 --pattern runs --seed 2
orders=$(guest_run "$guest" cat /proc/buddyinfo |
	awk '{ for (i = 8; i <= 13; i++) n[i] += $i }
	     END { for (i = 8; i <= 13; i++) printf "%s%d", (i > 8 ? "," : ""), n[i] }')
freelist_before=$(status_of .free)
request freelist --strategy freelist --into hold
check_workload
freelist_made=$(jq .made "$out/freelist.json")
want "regions made by freelist beyond those that were free" \
	"$((freelist_made - freelist_before))" -gt 0
step "free blocks by order 3 to 8: $orders; whole regions: $freelist_before"
step "--strategy freelist: made $freelist_made of $regions"
ctl release "$guest" --all > /dev/null || problems+=("the release failed")

oops=$(guest_oops "$guest") && problems+=("the guest's kernel says: $oops")

jq --argjson checked "${cost_checked:-0}" --argjson wrong "${cost_wrong:--1}" \
	--argjson free "$free_before" --argjson backed "$backed_before" \
	--argjson orders "[$orders]" --argjson flfree "$freelist_before" \
	--slurpfile freelist "$out/freelist.json" \
	'. + {
		workload: { pages_checked: $checked, pages_wrong: $wrong },
		before: { free_regions: $free, backed_regions: $backed },
		freelist: ($freelist[0] | {
			requested, made, backed, work, shortfall,
			before: { free_regions: $flfree,
				free_blocks_order_3_to_8: $orders } })
	}' "$out/cost.json" > "$out/result.json" ||
	problems+=("result.json was not written")
rm -f "$out/cost.json" "$out/freelist.json"

if [ ${#problems[@]} -gt 0 ]; then
	printf 'demo failed: %s\n' "${problems[@]}" >&2
	exit 1
fi
step "all of it holds; see ${out#"$top/"}/result.json, before.svg, after.svg"
