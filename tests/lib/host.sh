# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contigd for tests with guests. Needs guest.sh sourced before.
#
#   host_start GUEST...     a contigd that knows these guests, with its socket,
#                           configuration and log in $tap_dir, once it reaches
#                           their agents
#   host_stop [SIGNAL]      ends it
#   host_again              the next one
#   ctl COMMAND...          contigctl on it

host_pid=''

ctl() {
	"$build/hv/contigctl" --socket "$tap_dir/contigd.sock" "$@"
}

host_start() {
	local name
	{
		echo "[contigd]"
		echo "socket = $tap_dir/contigd.sock"
		for name; do
			echo "[guest $name]"
			echo "qmp = $tap_dir/$name/qmp.sock"
			echo "agent = $tap_dir/$name/agent.sock"
		done
	} > "$tap_dir/contig.conf"
	at_exit host_stop
	host_again
	for name; do
		if ! wait_for 30 host_agent_answers "$name"; then
			diag "contigd does not reach the agent in $name"
			diag "$(cat "$tap_dir/contigd.log")"
			exit 1
		fi
	done
}

host_again() {
	setpriv --pdeathsig KILL "$build/hv/contigd" \
		--config "$tap_dir/contig.conf" 2>> "$tap_dir/contigd.log" &
	host_pid=$!
	wait_for 20 host_answers ||
		die "contigd does not answer: $(cat "$tap_dir/contigd.log")"
}

host_answers() {
	ctl list > "$tap_dir/list" 2> /dev/null
}

host_agent_answers() {
	ctl status "$1" --json > "$tap_dir/status.json" 2> /dev/null
}

host_stop() {
	[ -n "$host_pid" ] || return 0
	kill "-${1:-TERM}" "$host_pid" 2> /dev/null
	wait "$host_pid" 2> /dev/null
	host_pid=''
	return 0
}
