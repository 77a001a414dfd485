# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host's end of a guest's agent port as a co-process: host COMMAND... sends
# a line to port-host and puts its answer into $answer.

port_host_start() {
	coproc PORT_HOST { "$build/tests/guest/host/port-host"; }
	at_exit "kill $PORT_HOST_PID 2>/dev/null"
}

answer=
host() {
	echo "$*" >&"${PORT_HOST[1]}"
	# Longer than port-host's own deadline, which has the better words.
	read -r -t 90 -u "${PORT_HOST[0]}" answer || answer="failed no answer"
	[[ $answer == ok* ]]
}
