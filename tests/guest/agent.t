#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# contig-agent in a guest, without contigd: the host's end of its port is moved
# by hand, so that the host can do what no contigd would.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/guest/port-host.sh
source "$top/tests/guest/port-host.sh"

socket=$tap_dir/guest/agent.sock

# The host asks; what is held by all is part of the answer.
held_is() {
	host state && [[ $answer == *" held=$1" ]]
}

agent_says() {
	guest_run guest cat /tmp/agent.log
}

agent_said() {
	# Not through a pipe, at whose early end agent_says would fail.
	grep -qE "$1" <<< "$(agent_says)"
}

agent_said_times() {
	agent_says | grep -cE "$1"
}

agent_said_more() {
	[ "$(agent_said_times "$1")" -gt "$2" ]
}

agent_pid() {
	guest_run guest cat /tmp/agent.pid
}

agent_kill() {
	guest_run guest "kill $1 $(agent_pid)"
}

agent_is_gone() {
	guest_run guest "! kill -0 $(agent_pid) 2>/dev/null"
}

# What the agent did while two seconds went by: how often its event loop went to
# sleep, and the ticks of 10 ms that it ran. Both, since a loop that never sleeps
# never goes to sleep.
# shellcheck disable=SC2016 # the guest's shell expands it
agent_does_in_2s() {
	guest_run guest 'pid=$(cat /tmp/agent.pid)
		sleeps() { grep "^voluntary_ctxt" /proc/$pid/status | grep -o "[0-9]*"; }
		ticks() { set -- $(cat /proc/$pid/stat); echo $((${14} + ${15})); }
		sleeps=$(sleeps) ticks=$(ticks)
		# lint-ok(sleep): the time in which it is counted, not a wait
		sleep 2
		echo $(($(sleeps) - sleeps)) $(($(ticks) - ticks))'
}

log_lines() {
	agent_says | wc -l
}

other_is_gone() {
	guest_run guest "! kill -0 $1 2>/dev/null"
}

guest_start guest --mem 512 --smp 2
port_host_start
guest_agent guest

# ----- a life ----------------------------------------------------------------
ok "the host opens the port" host open "$socket"
host hello || die "HELLO is not answered: $answer: $(agent_says)"
pass "HELLO is answered"
like "$answer" 'version=1 kernel_api=2 kernel_errno=0 boot=[1-9a-f]' \
	"with the kernel's interface and a boot number"
boot=$answer
ok "STATE is told" host state
ok "a MAP is drawn" host map
like "$answer" 'cells=512' "of 512 cells"
ok "a PLAN is made" host plan 8
ok "regions are made" host request 8
like "$answer" 'requested=8 made=8 regions=8' "all 8, and each is named"
ok "they are held" held_is 8
ok "they are touched" host touch all
like "$answer" 'done=8' "all 8"
ok "LIST tells them" host list
like "$answer" 'done=8 regions=8' "all 8"
ok "they are released" host release all
ok "nothing is held" held_is 0

# ----- the host goes ---------------------------------------------------------
ok "regions are made" host request 4
ok "one is kept" host hold all
ok "more are made" host request 3
ok "the host closes the port" host close
ok "what was not kept goes back" \
	wait_for 30 agent_said '^contig-agent: 3 regions released'
read -r sleeps ticks <<< "$(agent_does_in_2s)"
cmp_ok "$sleeps" -le 2 "with the host away the agent does not wake up"
# Regression: one that spins was taken for one that sleeps.
cmp_ok "$ticks" -le 20 "and does not run"
ok "the host comes back" host open "$socket"
ok "HELLO is answered" host hello
is "$answer" "$boot" "as before"
ok "what was kept is held" held_is 4
ok "it is released" host release all

# ----- in the middle of a request ---------------------------------------------
# Memory in use almost everywhere makes a request long: it is cancelled in time,
# if not at the first try, then at a later one.
ok "memory is fragmented" guest_run guest \
	fragment /tmp/fragment --percent 85 --keep 50
cancelled=
for ((i = 0; i < 10; i++)); do
	host start 200
	host cancel
	host finish || break
	[[ $answer != *cancelled=* ]] || cancelled=$answer
	host release all
	[ -z "$cancelled" ] || break
done
like "$cancelled" 'requested=200 made=[0-9]+ regions=[0-9]+ .* cancelled=[0-9]+' \
	"CANCEL ends a request early, with an answer"
for ((i = 0; i < 10; i++)); do
	ended=$(agent_said_times 'session ended')
	host start 200
	# BUSY says that the request was read, and so the closing is seen at once.
	host list
	host close
	wait_for 30 agent_said_more 'session ended' "$ended" || break
	! agent_said 'closed the port; cancelling' || break
	host open "$socket"
	host hello
done
ok "the host's going cancels a request" \
	agent_said 'closed the port; cancelling'
ok "the host comes back" host open "$socket"
ok "HELLO is answered" host hello
ok "nothing is held" held_is 0
ok "a request works" host request 2
ok "they are released" host release all
# Regression: a request failed when it met another program's in the kernel. Most
# of these do; the others pass as well. The other program makes plans only: one
# that took all there is could have the guest run out of memory.
refused=
for ((i = 0; i < 10; i++)); do
	other=$(guest_run guest "for i in \$(seq 20); do
			coalesce request --count 5000 --plan
		done </dev/null >/dev/null 2>&1 & echo \$!")
	host request 2 || refused=$answer
	host release all
	wait_for 30 other_is_gone "$other" || die "$other goes on and on"
done
is "$refused" "" "a request waits for another program's to end"
like "$(guest_run guest tell /tmp/fragment check)" 'wrong=0' \
	"no page was damaged by all this"
guest_run guest tell /tmp/fragment quit > /dev/null

# ----- what no host should do ------------------------------------------------
ok "100 KB of garbage" host garbage 100000
ok "a request works after it" host request 2
like "$answer" 'made=2' "wholly"
ok "half a frame" host half
ok "HELLO is answered all the same" host hello
ok "and what the former session had is released" held_is 0
ok "regions are made" host request 2
lines=$(log_lines)
ok "a host that never reads floods the agent" host flood 200000
ok "which ends its session" wait_for 60 agent_said 'does not read'
ok "the host closes the port" host close
ok "and opens it" host open "$socket"
ok "HELLO is answered" host hello
ok "nothing is held" held_is 0
cmp_ok "$(($(log_lines) - lines))" -le 10 "a flood is a few lines in the log"

# ----- unplug and plug -------------------------------------------------------
ok "regions are made" host request 2
guest_qmp guest '{"execute":"device_del","arguments":{"id":"agentport"}}' \
	> /dev/null
ok "the agent sees the port go" wait_for 30 agent_said 'gone'
host close
ok "a new port is plugged in" \
	guest_plug_port guest agentport org.contig.agent.0
ok "the host opens the new port" host open "$socket"
ok "HELLO is answered" host hello
ok "nothing is held" held_is 0

# ----- the agent goes --------------------------------------------------------
ok "regions are made" host request 5
ok "and kept" host hold all
agent_kill -KILL
guest_agent guest
ok "the host says HELLO to the next agent" host hello
# It lets go of its port before the kernel has taken back all regions.
ok "with the last agent went what it had" wait_for 30 held_is 0
agent_kill -TERM
ok "told to end, it ends" wait_for 30 agent_is_gone

# ----- without the kernel's device -------------------------------------------
guest_agent guest --device /dev/nonexistent
ok "HELLO is answered without the device" host hello
like "$answer" 'kernel_api=0 kernel_errno=2' "and says what is missing"
ok "a request is refused" eval '! host request 1'
like "$answer" 'error=5 /dev/nonexistent: No such file' "in clear words"
agent_kill -TERM

is "$(guest_oops guest)" "" "nothing in the kernel's log"
done_testing
