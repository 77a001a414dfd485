#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A request's last steps, TOUCH and KEEP: interrupted, refused, or with an agent
# or a QEMU that ends in them. Nothing stays held, and the user is told what was.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

qemu_start web

# with_agent MODE
with_agent() {
	fake_start web "$1"
	contigd_start web
}

without_agent() {
	end_process "$contigd_pid"
	fake_stop web
}

# told_more REGEX COUNT
told_more() {
	[ "$(grep -cxE "$1" "$tap_dir/web.fake.log")" -gt "$2" ]
}

# begin_request ARGUMENTS...: in the background; $ctl_pid.
begin_request() {
	# A background job of a script ignores SIGINT, unless told otherwise.
	(
		trap - INT
		exec "$build/hv/contigctl" --socket "$tap_dir/contigd.sock" \
			request web --size 2M "$@" \
			> "$tap_dir/out" 2> "$tap_dir/err"
	) &
	ctl_pid=$!
}

end_request() {
	wait "$ctl_pid"
	status=$?
	out=$(cat "$tap_dir/out")
	err=$(cat "$tap_dir/err")
}

# ----- a ping that comes just after the end ----------------------------------
# Regression: the ping was a request that the agent worked on, and the TOUCH
# behind it was told BUSY, which threw away what was made.
with_agent late-ping
ctl request web --size 2M --count 4
is "$status" 0 "a ping comes late: status 0"
ok "the agent was pinged" fake_told web pinged
without_agent

# ----- regions that were lost ------------------------------------------------
# Regression: an agent that had started again found nothing to hold or release,
# and the regions were reported as held.
for mode in forgets forgets-touch; do
	for into in hold free; do
		with_agent "$mode"
		ctl request web --size 2M --count 4 --into "$into"
		is "$status" 1 "$mode, $into: status 1"
		one_line "$mode, $into" 'guest web: the agent lost 4 of the regions.*ask again'
		is "$out" '' "$mode, $into: nothing is promised"
		without_agent
	done
done

# ----- HOLD ------------------------------------------------------------------
# Regression: who was interrupted in HOLD left the regions held for ever.
with_agent slow-hold
begin_request --count 4 --into hold --json
wait_for 20 told_more 'HOLD 4' 0 || die "no HOLD came"
kill -INT "$ctl_pid"
ok "Ctrl-C in HOLD reaches contigd" \
	wait_for 20 grep -q "interrupted in step 'keep'" "$tap_dir/contigd.log"
kill -USR1 "${fake_pid[web]}"
end_request
is "$status" 3 "Ctrl-C in HOLD: status 3"
is "$(field '[.cancelled, .regions[0].state]')" '[true,"free"]' \
	"the regions are free"
ok "the guest was told to release them" fake_told web 'RELEASE 4'
without_agent

with_agent slow-hold
begin_request --count 4 --into hold
wait_for 20 told_more 'HOLD 4' 0 || die "no HOLD came"
kill -KILL "$ctl_pid"
end_request
wait_for 20 grep -q "interrupted in step 'keep'" "$tap_dir/contigd.log"
kill -USR1 "${fake_pid[web]}"
ok "contigctl killed in HOLD: the guest is told to release" \
	wait_for 20 told_more 'RELEASE 4' 0
without_agent

with_agent hold-fails
ctl request web --size 2M --count 4 --into hold
is "$status" 1 "HOLD refused: status 1"
one_line "HOLD refused" 'HOLD: out of memory'
ok "what was kept by then is released" fake_told web 'RELEASE 4'
without_agent

with_agent dies-hold
ctl request web --size 2M --count 4 --into hold
is "$status" 4 "the agent dies in HOLD: status 4"
one_line "the agent dies in HOLD" 'guest web: the agent does not answer'
ok "what was kept by then is released" fake_told web 'RELEASE 4'
without_agent

# The agent is gone for good: nobody can tell, so the user has to.
with_agent slow-hold
begin_request --count 4 --into hold
wait_for 20 told_more 'HOLD 4' 0 || die "no HOLD came"
fake_stop web
end_request
is "$status" 4 "the agent is gone in HOLD: status 4"
one_line "the agent is gone in HOLD" "may stay held: 'contigctl release web --all'"
end_process "$contigd_pid"

# ----- TOUCH -----------------------------------------------------------------
with_agent slow-touch
begin_request --count 4 --json
wait_for 20 told_more 'TOUCH 4' 0 || die "no TOUCH came"
kill -INT "$ctl_pid"
end_request
is "$status" 3 "Ctrl-C in TOUCH: status 3"
ok "the guest was told to stop" fake_told web CANCEL
is "$(field '[.made, .cancelled, .regions[0].state]')" '[4,true,"free"]' \
	"the regions are free"
ok "the guest was told to release them" fake_told web 'RELEASE 4'
without_agent

# Regression: the user was told only that the guest is left alone.
with_agent lies-touch
begin_request --count 4
wait_for 20 told_more 'TOUCH 4' 0 || die "no TOUCH came"
kill -INT "$ctl_pid"
end_request
is "$status" 1 "Ctrl-C in TOUCH, and a lie: status 1"
one_line "Ctrl-C in TOUCH, and a lie" 'guest web: its agent broke the rules: an answer to another question'
without_agent

# ----- QEMU ends -------------------------------------------------------------
# Regression: the user was sent to look for an agent.
with_agent slow-touch
begin_request --count 4
wait_for 20 told_more 'TOUCH 4' 0 || die "no TOUCH came"
end_process "${qemu_pid[web]}"
fake_stop web
end_request
is "$status" 1 "QEMU killed in TOUCH: status 1"
one_line "QEMU killed in TOUCH" 'guest web: QEMU ended in the middle.*start the guest'
end_process "$contigd_pid"

qemu_start web
with_agent slow-hold
begin_request --count 4 --into hold
wait_for 20 told_more 'HOLD 4' 0 || die "no HOLD came"
end_process "${qemu_pid[web]}"
fake_stop web
end_request
is "$status" 1 "QEMU killed in HOLD: status 1"
one_line "QEMU killed in HOLD" 'guest web: QEMU ended in the middle.*start the guest'
end_process "$contigd_pid"
done_testing
