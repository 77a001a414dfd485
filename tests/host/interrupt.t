#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each party ends in the middle of a request: nothing is held for ever, nobody
# else is disturbed, and the next request works.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

qemu_start slow
qemu_start other
fake_start slow slow
fake_start other good
contigd_start slow other

told_count() {
	grep -cxE "$1" "$tap_dir/slow.fake.log"
}

told_more() { # REGEX COUNT
	[ "$(told_count "$1")" -gt "$2" ]
}

# Starts a request that will not end by itself; $ctl_pid.
begin_request() {
	local before

	before=$(told_count REQUEST)
	# A background job of a script ignores SIGINT, unless told otherwise.
	(
		trap - INT
		exec "$build/hv/contigctl" --socket "$tap_dir/contigd.sock" \
			request slow --size 2M --count 8 --json \
			> "$tap_dir/out" 2> "$tap_dir/err"
	) &
	ctl_pid=$!
	wait_for 20 told_more REQUEST "$before" || die "no request came"
}

end_request() {
	wait "$ctl_pid"
	status=$?
	out=$(cat "$tap_dir/out")
	err=$(cat "$tap_dir/err")
}

other_is_served() {
	ctl request other --size 2M --count 4
	is "$status" 0 "$1: the other guest is served"
}

# ----- Ctrl-C ----------------------------------------------------------------
begin_request
other_is_served "while a request runs"
ctl request slow --size 2M --count 1
is "$status" 1 "a second request for the same guest: status 1"
one_line "a second request" 'guest slow: another request is running'
ctl status slow --json
is "$status" 0 "status meanwhile: status 0"
like "$(field '.guests[0].agent_error')" 'busy' "and says that it is busy"
kill -INT "$ctl_pid"
end_request
is "$status" 3 "Ctrl-C: status 3"
one_line "Ctrl-C" 'guest slow: interrupted'
is "$(field '[.made, .cancelled, .regions[0].state]')" '[1,true,"free"]' \
	"what was made by then is free again"
is "$(field '[.shortfall[] | select(.reason == "cancelled") | .regions] |
	add')" 8 "and nothing is promised"
ok "the guest was told to stop" fake_told slow CANCEL
ok "the guest was told to release" fake_told slow 'RELEASE 1'

# ----- contigctl killed --------------------------------------------------------
before=$(told_count CANCEL)
released=$(told_count 'RELEASE 1')
begin_request
kill -KILL "$ctl_pid"
end_request
ok "contigctl killed: the guest is told to stop" \
	wait_for 20 told_more CANCEL "$before"
ok "and to release" wait_for 20 told_more 'RELEASE 1' "$released"
other_is_served "contigctl killed"

# ----- contigd killed ------------------------------------------------------------
closed=$(told_count closed)
begin_request
kill -KILL "$contigd_pid"
wait "$contigd_pid" 2>/dev/null
end_request
is "$status" 4 "contigd killed: status 4"
one_line "contigd killed" 'contigd on .*: Connection reset'
ok "the guest sees its port closed" wait_for 20 told_more closed "$closed"
contigd_again
begin_request
pass "the next contigd gets a request to the guest"
kill -INT "$ctl_pid"
end_request
is "$status" 3 "and ends it"

# ----- contigd told to stop ---------------------------------------------------------
cancelled=$(told_count CANCEL)
begin_request
kill -TERM "$contigd_pid"
wait "$contigd_pid"
is $? 0 "SIGTERM ends contigd with 0"
end_request
is "$status" 4 "contigd stopped: status 4"
ok "the guest was told to stop" told_more CANCEL "$cancelled"
contigd_again

# ----- the agent killed --------------------------------------------------------------
begin_request
fake_stop slow
end_request
is "$status" 4 "agent killed: status 4"
one_line "agent killed" 'guest slow: the agent does not answer'
other_is_served "agent killed"
fake_start slow slow
begin_request
pass "the next agent gets the next request"

# ----- QEMU killed ---------------------------------------------------------------------
end_process "${qemu_pid[slow]}"
fake_stop slow
end_request
cmp_ok "$status" -ne 0 "QEMU killed: no success"
one_line "QEMU killed" 'guest slow: '
ctl request slow --size 2M --count 8
is "$status" 1 "QEMU gone: status 1"
one_line "QEMU gone" 'guest slow: QEMU is not there.*start the guest'
other_is_served "QEMU gone"
qemu_start slow
fake_start slow good
ctl request slow --size 2M --count 8
is "$status" 0 "QEMU is back: the next request works"
done_testing
