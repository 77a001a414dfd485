#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The behaviour of virtio-serial that the agent relies on, asserted by
# assume/virtio_serial.c in a guest while this script moves the host's end.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/guest/port-host.sh
source "$top/tests/guest/port-host.sh"

port=org.contig.agent.0

# The program's TAP lines become ours.
retell() {
	local line

	while IFS= read -r line; do
		case $line in
		ok\ * | not\ ok\ *)
			local what=${line#* - }
			if [[ $line == ok* ]]; then pass "$1: $what"
			else fail "$1: $what"; fi
			;;
		'# '*) note "$1: ${line#\# }" ;;
		esac
	done
}

at_step() {
	[ "$(guest_run guest cat /tmp/step 2>/dev/null)" = "$1" ]
}

reach() {
	wait_for 60 at_step "$2" ||
		die "$1: step $2 is not reached: $(guest_run guest cat /tmp/out)"
	pass "$1: step $2 is reached"
}

# In the background, so that the host can act meanwhile.
start_case() {
	guest_run guest "rm -f /tmp/step; (assume-virtio_serial $1 $2 \
		> /tmp/out 2>&1; echo status \$? >> /tmp/out) < /dev/null &"
}

end_case() {
	local out

	reach "$1" end
	out=$(guest_run guest "while ! grep -q ^status /tmp/out; do :; done; \
		cat /tmp/out")
	retell "$1" <<< "$out"
	is "$(tail -n 1 <<< "$out")" "status 0" "$1: the program ends with 0"
}

guest_start guest --mem 256 --smp 1
port_host_start

out=$(guest_run guest assume-virtio_serial closed $port)
is $? 0 "closed: the program ends with 0"
retell closed <<< "$out"

start_case talk $port
reach talk open
ok "talk: the host opens" host open "$tap_dir/guest/agent.sock"
reach talk read
ok "talk: the host reads" host read 1000000
reach talk write
ok "talk: the host writes" host write hello
reach talk close
ok "talk: the host closes" host close
# QEMU's one thread answers when it has seen the closing through, and what the
# guest is told to do then comes after the interrupts of that.
reach talk settle
like "$(guest_qmp guest '{"execute":"query-status"}')" '"return"' \
	"talk: QEMU is done with the closing"
ok "talk: and the guest" guest_run guest touch /tmp/settled
reach talk flash
ok "talk: the host opens again" host open "$tap_dir/guest/agent.sock"
ok "talk: the host writes" host write bye
ok "talk: the host closes" host close
reach talk unplug
like "$(guest_qmp guest \
	'{"execute":"device_del","arguments":{"id":"agentport"}}')" \
	'"return"' "talk: the port is unplugged"
end_case talk

start_case plug org.contig.plugged
reach plug plug
ok "plug: a port is plugged in" \
	guest_plug_port guest plugged org.contig.plugged
end_case plug

done_testing
