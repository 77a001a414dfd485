#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR MINUTES: the live scenario on the debug kernel for that long.
#
# Programs write, fork, exit, lock, share, merge and truncate and check every
# page of theirs. Beside them, in turns and at random: requests of all sizes,
# strategies and flags, some of which are ended half way, by a signal, their
# file being closed, a deadline, a budget, or the death of who has asked;
# allocations that are made to fail while a request runs; memory blocks that are
# taken offline and brought back; a DIMM that is plugged in and leaves again; the
# page allocator's own calls, by programs that want large folios; memory that is
# fragmented anew. In the end no report of the kernel, no wrong page, no leak, and
# from half an hour on each of these has really happened.
#
# DIR/result.json says what was done and seen, DIR/console.log what the kernel has
# said. SEED=N repeats a run's choices.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/lib/page_owner.sh
source "$top/tests/lib/page_owner.sh"
# shellcheck source=tests/soak/actions.sh
source "$top/tests/soak/actions.sh"

out=${1:?usage: run.sh DIR MINUTES}
minutes=${2:?usage: run.sh DIR MINUTES}
[[ $minutes =~ ^[1-9][0-9]*$ ]] || {
	echo "soak: MINUTES=$minutes is not a whole number of minutes" >&2
	exit 2
}
mkdir -p "$out"
rm -f "$out"/{result.json,console.log}
seed=${SEED:-1}
RANDOM=$seed

guest_start g --kernel debug --memory none --disk 128 \
	--mem 832,slots=2,maxmem=4G \
	--append 'page_owner=on memhp_default_state=online_movable movable_node' -- \
	-object memory-backend-ram,id=ram,size=832M \
	-object memory-backend-ram,id=more,size=256M \
	-machine q35,memory-backend=ram -device pc-dimm,memdev=more
guest_run g 'mount -t ext4 /dev/vda /mnt && mkfifo /tmp/never' ||
	die "no disk in the guest"
find_dimm || die "no DIMM in the guest: $dimm"
# Under software emulation and with all these checks, to take a memory block
# offline may take minutes.
guest_run g 'echo 1200 > /proc/sys/kernel/hung_task_timeout_secs
	cd /sys/kernel/mm/ksm && echo 300 > pages_to_scan && echo 1 > run
	echo never > /sys/kernel/mm/transparent_hugepage/defrag
	echo 4 > /proc/sys/vm/coalesce_min_order
	echo 0 > /proc/sys/vm/coalesce_min_order'
guest_run g 'mix /tmp/mix --mib 12 --dir /mnt && tell /tmp/mix quit &&
	coalesce request --count 10' > /dev/null
before=$(page_owner g)
objects_before=$(allocated_by_coalesce g)
# There is no swap. Those of mix are many: at the same priority fragmenting takes
# more than ten minutes beside them, for one alone.
choose_fragment
guest_run g --timeout 600 "$fragment && mix /tmp/mix --mib 32 --dir /mnt &&
	renice -n 10 -p \$(pidof mix)" > /dev/null || die "no programs"
guest_run g 'echo always > /sys/kernel/mm/transparent_hugepage/defrag'

SECONDS=0
while [ $SECONDS -lt $((minutes * 60)) ]; do
	# The last one takes minutes on the debug kernel.
	pick one_request one_request one_request cancelled_request \
		cancelled_request killed_request killed_request \
		request_with_faults request_with_faults \
		offline_memory plug_memory want_large fragment_again
	"$picked"
	count rounds 1
	if [ -n "$(guest_oops g)" ] || ! kill -0 "${guest_pid[g]}"; then
		break
	fi
	[ $((n[rounds] % 10)) != 0 ] || printf \
		'%3d min: %d requests, %d regions, %d moves, %d offlined\n' \
		$((SECONDS / 60)) "${n[requests]}" "${n[regions]}" \
		"${n[moves]}" "${n[offlined]}"
done
ran=$SECONDS

# What a guest that has died no longer says is null then.
number() { # KEY TEXT
	local value
	value=$(value_of "$1" "$2")
	echo "${value:-null}"
}
frag=$(guest_run g --timeout 600 'tell /tmp/frag check')
guest_run g --timeout 600 'tell /tmp/frag quit' > /dev/null
mix=$(guest_run g --timeout 600 'tell /tmp/mix quit')
! second_dimm || wait_for 600 second_dimm_is_gone
after=$(page_owner g)
objects=$(allocated_by_coalesce g)
reports=$(guest_oops g)
state=$(guest_run g 'coalesce state')
cp "$tap_dir/g/console.log" "$out"
kill -0 "${guest_pid[g]}" 2> /dev/null || reports+="
the guest has ended, or did not answer in time"

for key in "${!n[@]}"; do
	printf '%s %s\n' "$key" "${n[$key]:-null}"
done | jq -R 'split(" ") | { (.[0]): (.[1] | fromjson) }' |
	jq -s --argjson seconds "$ran" --argjson seed "$seed" \
	--argjson minutes "$minutes" \
	--argjson mix_checked "$(number checked "$mix")" \
	--argjson mix_wrong "$(number wrong "$mix")" \
	--argjson mix_rounds "$(number rounds "$mix")" \
	--argjson died "$(number died "$mix")" \
	--argjson last_checked "$(number checked "$frag")" \
	--argjson last_wrong "$(number wrong "$frag")" \
	--argjson held "$(number held_regions "$state")" \
	--argjson grown $(($(owned "$after") - $(owned "$before"))) \
	--arg pages_left "$(owned_by_coalesce "$after")" \
	--arg objects_left "$([ "$objects" = "$objects_before" ] ||
		echo "$objects")" \
	--arg refusals "$refusals" --arg reports "$reports" '
	add + { version: 1, seed: $seed, minutes: $minutes, seconds: $seconds,
		mix_checked: $mix_checked, mix_wrong: $mix_wrong,
		mix_rounds: $mix_rounds, died: $died,
		last_checked: $last_checked, last_wrong: $last_wrong,
		held_regions: $held, pages_owned_more: $grown,
		pages_left: $pages_left, objects_left: $objects_left,
		refusals: $refusals, reports: $reports } |
	def none($key): select(.[$key] != 0 and .[$key] != "") |
		"\($key) is \(.[$key] | tojson)";
	def least($key; $n): select(.[$key] == null or .[$key] < $n) |
		"\($key) is \(.[$key]), not at least \($n)";
	.problems = [none("frag_wrong", "folios_wrong", "mix_wrong", "last_wrong",
			"died", "held_regions", "pages_left", "objects_left",
			"refusals", "reports"),
		least("seconds"; $minutes * 60), least("mix_checked"; 100000),
		least("regions"; 1),
		(select(.pages_owned_more > 100) |
			"\(.pages_owned_more) pages more are owned"),
		if $minutes < 30 then empty else
			least("moves"; 10000), least("mix_rounds"; 2),
			least("frag_checked"; 100000),
			least("cancelled", "late", "killed", "killed_working",
				"faults", "offlined", "plugged", "unplugged",
				"demand", "demand_met", "fragmented";
				1) end]' \
	> "$out/result.json"
jq . "$out/result.json"
[ $(($(owned "$after") - $(owned "$before"))) -le 100 ] ||
	more_owned "$before" "$after" >&2
jq -e '.problems == []' "$out/result.json" > /dev/null || {
	jq -r '"soak: " + .problems[]' "$out/result.json" >&2
	echo "soak: something went wrong, see $out/result.json" >&2
	exit 1
}
