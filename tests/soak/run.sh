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
# taken offline and brought back; the page allocator's own calls, by programs
# that want large folios; memory that is fragmented anew. In the end no report
# of the kernel, no wrong page, no leak, and from half an hour on each of these
# has really happened.
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

declare -A n=([rounds]=0 [requests]=0 [refused]=0 [regions]=0 [moves]=0
	[cancelled]=0 [late]=0 [killed]=0 [killed_working]=0 [with_faults]=0
	[faults]=0 [offlined]=0 [huge_folios]=0 [demand]=0 [fragmented]=0
	[frag_checked]=0 [frag_wrong]=0 [folios_wrong]=0)

# Sets $picked. Not in a subshell, where RANDOM would not go on.
pick() { # WORDS...
	picked=${*:1 + RANDOM % $#:1}
}

count() { # NAME NUMBER
	n[$1]=$((${n[$1]} + ${2:-0}))
}

# Sets $how: what a request asks for, at random.
choose_how() {
	local order
	pick 9 9 9 9 10 11 12 13
	order=$picked
	# All that there is, at times, for which pages have to be moved.
	pick $((1 + RANDOM % (1 << (14 - order)))) 2000
	how="--order $order --count $picked"
	pick cost cost cost freelist
	how+=" --strategy $picked"
	pick '' '' --sync
	how+=" $picked"
	pick '' '' --reclaim
	how+=" $picked"
	pick '' '' --touch --plan
	how+=" $picked"
	pick '' '' "--max-moves $((1 + RANDOM % 3000))"
	how+=" $picked"
	pick 5000000 500000000 20000000000 100000000000
	how+=" --timeout-ns $picked"
}

said() { # OUTPUT of a request
	local made
	made=$(value_of made "$1")
	if [ -z "$made" ]; then
		count refused 1
		return
	fi
	count requests 1
	count regions "$made"
	count moves "$(value_of moves_done "$1")"
	[ -z "$(value_of shortfall_cancelled "$1")" ] || count cancelled 1
	[ -z "$(value_of shortfall_deadline "$1")" ] || count late 1
}

one_request() {
	choose_how
	said "$(guest_run g --timeout 600 "coalesce request $how")"
}

# Another thread ends it when so many pages have been moved.
cancelled_request() {
	choose_how
	pick signal close
	said "$(guest_run g --timeout 600 "coalesce request $how \
		--$picked-at $((1 + RANDOM % 800))")"
}

# Who has asked dies, while the kernel works for him or when he holds regions:
# nothing is ever written to what he waits for. INT would not do, a shell's
# background jobs ignore it.
killed_request() {
	local said
	choose_how
	pick HUP KILL TERM
	said=$(guest_run g --timeout 600 "exec 3<> /tmp/never
		coalesce request $how <&3 > /tmp/killed 2>&1 &
		pid=\$!
		usleep $((RANDOM * 20))
		kill -$picked \$pid 2> /dev/null
		wait \$pid
		echo ended=\$?
		grep -q ^made= /tmp/killed || echo working=1" 2> /dev/null)
	# 128 and the signal: it had not ended before.
	[ "$(value_of ended "$said")" -gt 128 ] || return 0
	count killed 1
	count killed_working "$(value_of working "$said")"
}

# Every allocation of the request may fail, also those of places to move to. The
# kernel counts down how often it may let one fail.
request_with_faults() {
	local answer
	choose_how
	pick 1 5 20
	answer=$(guest_run g --timeout 600 "
		cd /sys/kernel/debug/fail_page_alloc
		echo 1000000 > times; echo 1 > task-filter; echo 0 > min-order
		echo N > ignore-gfp-wait; echo N > ignore-gfp-highmem
		echo 0 > verbose; echo $picked > probability
		cd ../failslab; echo 1000000 > times; echo 1 > task-filter
		echo N > ignore-gfp-wait; echo 0 > verbose; echo 2 > probability
		sh -c 'echo 1 > /proc/self/make-it-fail
			exec coalesce request $how' 2> /dev/null
		echo 0 > probability; echo 0 > ../fail_page_alloc/probability
		echo faults=\$((2000000 - \$(cat times) -
			\$(cat ../fail_page_alloc/times)))")
	said "$answer"
	count with_faults 1
	count faults "$(value_of faults "$answer")"
}

# Half the memory of a DIMM leaves and comes back, while a request runs; that is
# as much as the others can do without.
offline_memory() {
	local said
	choose_how
	pick "${dimm%% *}" "${dimm##* }"
	said=$(guest_run g --timeout 600 "
		coalesce request $how > /dev/null 2>&1 &
		cd /sys/devices/system/memory; done=0
		echo offline 2> /dev/null > $picked/state && done=1
		for m in memory*; do
			[ \"\$(cat \$m/state)\" = online ] ||
				echo online_movable > \$m/state
		done
		wait
		echo offlined=\$done")
	count offlined "$(value_of offlined "$said")"
}

# Sets $fragment: takes memory and frees much of it in single pages, and takes what
# is whole as huge pages. A third of it is left to the others, more while it fills.
choose_fragment() {
	fragment="fragment /tmp/frag --percent 65 --keep $((45 + RANDOM % 16))"
	fragment+=" --leave-free 8"
}

# Memory is in pieces again, after requests have made it whole. Checks what was in
# it before.
fragment_again() {
	local said
	choose_fragment
	said=$(guest_run g --timeout 1800 "tell /tmp/frag check &&
		tell /tmp/frag quit > /dev/null
		echo never > /sys/kernel/mm/transparent_hugepage/defrag
		$fragment > /dev/null && echo filled=1
		echo always > /sys/kernel/mm/transparent_hugepage/defrag")
	count frag_checked "$(value_of checked "$said")"
	count frag_wrong "$(value_of wrong "$said")"
	count fragmented "$(value_of filled "$said")"
}

# The allocator's own calls: large folios for a program that touches memory.
huge_folios() {
	local said
	pick 4 6 9
	said=$(guest_run g --timeout 600 "
		echo $picked > /proc/sys/vm/coalesce_min_order
		fragment /tmp/folios --percent 5 --keep 100 --huge 16 \
			> /dev/null && tell /tmp/folios check &&
			tell /tmp/folios quit > /dev/null
		echo 0 > /proc/sys/vm/coalesce_min_order
		sed -n 's/^coalesce_demand /demand=/p' /proc/vmstat")
	[[ $said == *wrong=0* ]] || n[folios_wrong]=1
	count huge_folios 1
	n[demand]=$(value_of demand "$said")
}

guest_start g --kernel debug --memory none --disk 128 \
	--mem 832,slots=1,maxmem=4G \
	--append 'page_owner=on memhp_default_state=online_movable' -- \
	-object memory-backend-ram,id=ram,size=832M \
	-object memory-backend-ram,id=more,size=256M \
	-machine q35,memory-backend=ram -device pc-dimm,memdev=more
guest_run g 'mount -t ext4 /dev/vda /mnt && mkfifo /tmp/never' ||
	die "no disk in the guest"
dimm=$(guest_run g 'cd /sys/devices/system/memory
	grep -l Movable */valid_zones | sed "s:/.*::" | tr "\n" " "')
[[ $dimm =~ ^(memory[0-9]+ ){2}$ ]] || die "no DIMM in the guest: $dimm"
dimm=${dimm% }
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
		offline_memory huge_folios fragment_again
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
	--arg reports "$reports" '
	add + { version: 1, seed: $seed, minutes: $minutes, seconds: $seconds,
		mix_checked: $mix_checked, mix_wrong: $mix_wrong,
		mix_rounds: $mix_rounds, died: $died,
		last_checked: $last_checked, last_wrong: $last_wrong,
		held_regions: $held, pages_owned_more: $grown,
		pages_left: $pages_left, objects_left: $objects_left,
		reports: $reports } |
	def none($key): select(.[$key] != 0 and .[$key] != "") |
		"\($key) is \(.[$key] | tojson)";
	def least($key; $n): select(.[$key] == null or .[$key] < $n) |
		"\($key) is \(.[$key]), not at least \($n)";
	.problems = [none("frag_wrong", "folios_wrong", "mix_wrong", "last_wrong",
			"died", "held_regions", "pages_left", "objects_left",
			"reports"),
		least("seconds"; $minutes * 60), least("mix_checked"; 100000),
		least("regions"; 1),
		(select(.pages_owned_more > 100) |
			"\(.pages_owned_more) pages more are owned"),
		if $minutes < 30 then empty else
			least("moves"; 10000), least("mix_rounds"; 2),
			least("frag_checked"; 100000),
			least("cancelled", "late", "killed", "killed_working",
				"faults", "offlined", "demand", "fragmented";
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
