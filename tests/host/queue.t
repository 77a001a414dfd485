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
	# A background job of a script ignores SIGINT, unless told otherwise.
	(
		trap - INT
		exec "$build/hv/contigctl" --socket "$tap_dir/contigd.sock" \
			"$@" > "$tap_dir/$name.out" 2> "$tap_dir/$name.err"
	) &
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

# Regression: who had closed its own direction got no answer.
fake_start web slow-state
contigd_start web
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;
	$s->send($ARGV[1] . "\n");
	$s->shutdown(1);
	print <$s>;' "$tap_dir/contigd.sock" '{"command":"status","guest":"web"}' \
	> "$tap_dir/half.out" &
half_pid=$!
at_exit "end_process $half_pid"
wait_for 20 fake_told_times STATE_GET 1 || die "no STATE_GET came"
# What comes later is answered later: the half that is closed was seen by then.
ctl list
kill -USR1 "${fake_pid[web]}"
wait "$half_pid"
like "$(cat "$tap_dir/half.out")" '^\{"exit":0,"answer"' \
	"a client that only listens gets its answer"
end_process "$contigd_pid"
fake_stop web

# Regression: when QEMU was slow, the ninth command at a time was refused, and a
# request lost KVM's figures to a status.
descriptors() {
	local all=("/proc/$contigd_pid/fd/"*)

	[ "${#all[@]}" -ge "$1" ]
}

fake_start web slow-touch
contigd_start web
begin request request web --size 2M --count 4 --json
wait_for 20 fake_told_times 'TOUCH 4' 1 || die "no TOUCH came"
fds=("/proc/$contigd_pid/fd/"*)
kill -STOP "${qemu_pid[web]}"
for i in {1..20}; do
	begin "status$i" status web --json
done
ok "20 commands wait for QEMU" wait_for 20 descriptors $((${#fds[@]} + 20))
kill -CONT "${qemu_pid[web]}"
for i in {1..20}; do
	end "status$i"
	is "$status" 0 "status $i has its answer"
	is "$(field '.guests[0] | [.host_error, .backing == null]')" '[null,false]' \
		"and the host's part of it"
done
kill -INT "${pids[request]}"
end request
is "$status" 3 "the request goes on"
end_process "$contigd_pid"
fake_stop web

# ----- the longest answer ------------------------------------------------------
# Regression: it did not fit, and contigctl saw only the end of the connection.
qemu_start big memory-backend-ram,reserve=off 140000
fake_start big good 0x100000
contigd_start big
ctl request big --size 2M --count 65536 --json
is "$status" 3 "65536 regions without memory: status 3"
is "$(field '[.made, .backed, (.regions | length)]')" '[65536,0,65536]' \
	"the answer names them all"
ok "they are released" fake_told big 'RELEASE 4096'
done_testing
