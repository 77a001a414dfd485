#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Several commands for one guest at the same time: which of them wait, which
# share, and which are refused.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

qemu_start web

# begin NAME COMMAND...: contigctl in the background, to end by itself.
declare -A pids=()
begin() {
	local name=$1
	shift
	"$build/hv/contigctl" --socket "$tap_dir/contigd.sock" "$@" \
		> "$tap_dir/$name.out" 2> "$tap_dir/$name.err" &
	pids[$name]=$!
	at_exit "end_process $!"
}

# end NAME: as ctl().
end() {
	wait "${pids[$1]}"
	status=$?
	out=$(cat "$tap_dir/$1.out")
	cp "$tap_dir/$1.err" "$tap_dir/err"
	err=$(cat "$tap_dir/err")
}

fake_told_times() { # REGEX COUNT
	[ "$(grep -cxE "$1" "$tap_dir/web.fake.log")" -ge "$2" ]
}

# asked_for COUNT: how many commands that act contigd has taken up.
asked_for() {
	[ "$(grep -c 'asked for by' "$tap_dir/contigd.log")" -ge "$1" ]
}

# Regression: a status that ran let everything queue, so that a short request
# and a status waited for a long one.
fake_start web slow-state
contigd_start web
begin status status web
wait_for 20 fake_told_times STATE_GET 1 || die "no STATE_GET came"
begin first request web --size 2M --count 4 --timeout 3600
wait_for 20 asked_for 1 || die "the first request did not come"
ctl request web --size 2M --count 1 --timeout 1
is "$status" 1 "behind a request that waits: a second one is refused"
one_line "a second request" 'guest web: another request is running'
ctl back web
is "$status" 1 "behind a request that waits: back is refused"
one_line "back" 'guest web: another request is running'
ctl status web --json
is "$status" 0 "behind a request that waits: status shares"
like "$(field '.guests[0].agent_error')" 'busy' "and says that the agent is busy"
kill -USR1 "${fake_pid[web]}"
end status
is "$status" 0 "the first status has its answer"
end first
is "$status" 0 "and then the request that waited"
end_process "$contigd_pid"
fake_stop web
done_testing
