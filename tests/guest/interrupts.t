#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever ends in the middle of a request (the operator's patience, the agent,
# contigd, QEMU), nothing stays held, the other guest is not disturbed, and the
# next request works.
#
# The guest runs the debug kernel, in which moving so many pages takes seconds,
# and each interruption waits until pages are seen moving.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/lib/host.sh
source "$top/tests/lib/host.sh"

many=400	# more than there can be, so that it goes on for long
few=4

agent_ready() { # GUEST
	[[ $(ctl list) =~ (^|$'\n')"$1 "+'ready '+[0-9]+' answers' ]]
}

moves() {
	guest_run a 'grep pgmigrate_success /proc/vmstat' | cut -d ' ' -f 2
}

moved_since() { # COUNT
	[ "$(moves)" -ge $(($1 + 200)) ] || ! kill -0 "$client" 2>/dev/null
}

held_in_guest() {
	value_of held_regions "$(guest_run a 'coalesce state')"
}

nothing_held() {
	[ "$(held_in_guest)" = 0 ]
}

# Has a request of many regions under way, pages moving.
client=0
begin() {
	local before
	before=$(guest_run a --timeout 300 'tell /tmp/frag quit > /dev/null 2>&1
		fragment /tmp/frag --percent 80 2>&1')
	cmp_ok "$(value_of pages "$before")" -ge 50000 \
		"$1: memory is in pieces"
	before=$(moves)
	# A background job of a script ignores SIGINT, unless told otherwise.
	(
		trap - INT
		exec "$build/hv/contigctl" --socket "$tap_dir/contigd.sock" \
			request a --size 2M --count "$many" --json \
			> "$tap_dir/out" 2> "$tap_dir/err"
	) &
	client=$!
	wait_for 60 moved_since "$before" || die "no page moves"
	ok "$1: the request is under way" kill -0 "$client"
}

ended() {
	! kill -0 "$client" 2>/dev/null
}

# ends STATUS WHAT: the client has ended, like that.
ends() {
	ok "$2: the client ends" wait_for 60 ended
	wait "$client"
	is $? "$1" "$2: with exit status $1"
}

one_line() { # WHAT
	is "$(wc -l < "$tap_dir/err")" 1 "$1: one line says why"
	note "$(cat "$tap_dir/err")"
}

# next WHAT: nothing is held, the guest's pages are right, requests work.
next() {
	ok "$1: nothing stays held" wait_for 60 nothing_held
	like "$(guest_run a 'tell /tmp/frag check')" 'wrong=0$' \
		"$1: no page is wrong"
	ok "$1: the agent answers again" wait_for 60 agent_ready a
	ctl request a --size 2M --count "$few" --json > "$tap_dir/out"
	is $? 0 "$1: the next request works"
}

# other WHAT: the second guest gets what it asks for, whatever the first does.
other() {
	ctl request b --size 2M --count "$few" --json > "$tap_dir/other"
	is $? 0 "$1: another guest is served meanwhile"
}

guest_start a --kernel debug --mem 640
guest_start b --mem 512
guest_agent a
guest_agent b
host_start a b

what="Ctrl-C"
begin "$what"
kill -INT "$client"
other "$what"
ends 3 "$what"
one_line "$what"
is "$(jq .cancelled "$tap_dir/out")" true "$what: the answer says so"
next "$what"

what="client killed"
begin "$what"
kill -KILL "$client"
ends 137 "$what"
next "$what"

what="agent killed"
begin "$what"
guest_run a "kill -9 \$(cat /tmp/agent.pid)"
other "$what"
ends 4 "$what"
one_line "$what"
guest_agent a
next "$what"

what="contigd killed"
begin "$what"
host_stop KILL
ends 4 "$what"
one_line "$what"
host_again
next "$what"
ok "$what: the other guest's agent answers again" wait_for 60 agent_ready b
other "$what"

what="contigd stopped"
begin "$what"
host_stop
ends 4 "$what"
host_again
next "$what"

is "$(guest_oops a)" "" "the kernel has nothing to complain of"

what="QEMU killed"
begin "$what"
guest_stop a
ends 1 "$what"
one_line "$what"
ok "$what: the other guest's agent answers" wait_for 60 agent_ready b
other "$what"
like "$(ctl request a --size 2M --count 1 2>&1 >/dev/null)" 'a: ' \
	"$what: a request to the dead guest says so"

done_testing
