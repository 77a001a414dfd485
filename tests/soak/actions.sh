# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is done to the guest g of a soak, in turns and at random. Each of these
# functions does one thing and counts what has come of it. Needs guest.sh and kv.sh
# sourced before.

# What has come of it.
declare -A n=([rounds]=0 [requests]=0 [refused]=0 [no_memory]=0
	[failed_by_fault]=0 [regions]=0 [moves]=0
	[cancelled]=0 [late]=0 [killed]=0 [killed_working]=0 [with_faults]=0
	[faults]=0 [offlined]=0 [plugged]=0 [unplugged]=0 [wanted]=0
	[demand]=0 [demand_met]=0 [fragmented]=0 [frag_checked]=0 [frag_wrong]=0
	[folios_wrong]=0)

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

# What requests have said that were refused, for no reason that is expected.
refusals=

said() { # OUTPUT of a request
	local made
	made=$(value_of made "$1")
	if [ -z "$made" ]; then
		if [[ $1 == *'Cannot allocate memory'* ]]; then
			count no_memory 1
		else
			count refused 1
			refusals+="coalesce request $how: $1; "
		fi
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
	said "$(guest_run g --timeout 600 "coalesce request $how 2>&1")"
}

# Another thread ends it when so many pages have been moved.
cancelled_request() {
	choose_how
	pick signal close
	said "$(guest_run g --timeout 600 "coalesce request $how \
		--$picked-at $((1 + RANDOM % 800)) 2>&1")"
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
	count with_faults 1
	# The program itself may have met one.
	if [ -n "$(value_of made "$answer")" ]; then
		said "$answer"
	else
		count failed_by_fault 1
	fi
	count faults "$(value_of faults "$answer")"
}

# Sets $dimm: the two memory blocks of the DIMM that is always there.
find_dimm() {
	dimm=$(guest_run g 'cd /sys/devices/system/memory
		grep -l Movable */valid_zones | sed "s:/.*::" | tr "\n" " "')
	[[ $dimm =~ ^(memory[0-9]+ ){2}$ ]] || return 1
	dimm=${dimm% }
}

second_dimm() {
	guest_qmp g '{"execute":"query-memory-devices"}' |
		jq -e 'any(.return[]; .data.id == "second")' > /dev/null
}

# The guest lets it go when nothing is left in it that is held.
second_dimm_is_gone() {
	guest_qmp g '{"execute":"device_del","arguments":{"id":"second"}}' \
		> /dev/null
	! second_dimm
}

# A second DIMM is plugged in while a request runs, or leaves again if it can.
plug_memory() {
	local request
	choose_how
	guest_run g --timeout 600 "coalesce request $how" > /dev/null 2>&1 &
	request=$!
	if ! second_dimm; then
		guest_qmp g '{"execute":"object-add","arguments":{
			"qom-type":"memory-backend-ram","id":"spare",
			"size":134217728}}' > /dev/null
		guest_qmp g '{"execute":"device_add","arguments":{
			"driver":"pc-dimm","id":"second","memdev":"spare"}}' \
			> /dev/null
		! second_dimm || count plugged 1
	elif wait_for 120 second_dimm_is_gone; then
		guest_qmp g '{"execute":"object-del","arguments":{
			"id":"spare"}}' > /dev/null
		count unplugged 1
	fi
	wait "$request"
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

# The allocator's own calls: for the large folios of a program that touches memory,
# and for memory of the kernel's own.
want_large() {
	local said pieces
	pick 4 6 9
	pieces=$((8192 >> picked))
	said=$(guest_run g --timeout 600 "
		echo $picked > /proc/sys/vm/coalesce_min_order
		fragment /tmp/folios --percent 5 --keep 100 --huge 16 \
			> /dev/null && tell /tmp/folios check &&
			tell /tmp/folios quit > /dev/null
		ring /tmp/ring $picked $pieces && tell /tmp/ring quit > /dev/null
		echo 0 > /proc/sys/vm/coalesce_min_order
		sed -nE 's/^coalesce_(demand|demand_met) /\1=/p' /proc/vmstat")
	[[ $said == *wrong=0* ]] || n[folios_wrong]=1
	count wanted 1
	n[demand]=$(value_of demand "$said")
	n[demand_met]=$(value_of demand_met "$said")
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
	want_large
}
