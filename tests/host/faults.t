#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests that lie, flood, hang and die: what contigctl is told, that contigd
# stays small, and that another guest is served meanwhile.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

# contigd's own memory, however much a guest sends.
limit_kib=32768

qemu_start bad
qemu_start good
fake_start good good

# with_agent MODE: a contigd that knows the two guests, one of them bad.
with_agent() {
	fake_start bad "$1"
	contigd_start bad good
}

without_agent() {
	cmp_ok "$(contigd_rss_kib)" -le "$limit_kib" \
		"$1: contigd needs $(contigd_rss_kib) KiB"
	ctl request good --size 2M --count 4
	is "$status" 0 "$1: the other guest is served"
	end_process "$contigd_pid"
	fake_stop bad
}

# lies MODE REGEX: an answer that can't be true.
lies() {
	with_agent "$1"
	ctl request bad --size 2M --count 8 --range 0x10000000-0x12000000
	is "$status" 1 "$1: status 1"
	one_line "$1" "guest bad: its agent broke the rules.*$2"
	ok "$1: nothing was touched" eval "! fake_told bad 'TOUCH.*'"
	ctl request bad --size 2M --count 8
	is "$status" 4 "$1: then it is left alone, status 4"
	one_line "$1: then it is left alone" 'guest bad: left alone'
	ctl list --json
	is "$(field '.guests[0].agent.counts.faults')" 1 "$1: and list says so"
	without_agent "$1"
}

lies outside 'gfn 0x100000000 lies outside the guest.s RAM'
lies overlap 'overlaps another'
lies too-many 'more than were asked for'
lies uncounted "don't add up"
lies wrong-place 'outside the range that was asked for'
lies unasked 'an answer to another question'
lies not-decoded 'does not decode'

# ----- left alone, and served again ----------------------------------------------
# is_left_alone SECONDS MODE: a lie, and what is said of it. A request that is
# refused has no effect on the back-off.
is_left_alone() {
	ctl request bad --size 2M --count 8
	is "$status" 1 "$2: it lies, status 1"
	one_line "$2: it lies" 'its agent broke the rules'
	ctl request bad --size 2M --count 8
	is "$status" 4 "$2: it is left alone again"
	one_line "$2: it is left alone again" "left alone for up to $1 s"
	ctl list --json
	is "$(field '.guests[0].agent.state')" '"faulty"' "$2: list says so"
}

connected_again() {
	ctl list --json
	[ "$(field '.guests[0].agent.state')" = '"ready"' ]
}

# Regression: a lie in an answer that was well-formed began at the shortest
# back-off each time.
with_agent outside
is_left_alone 4 "back-off"
ok "back-off: it is over" wait_for 60 connected_again
is_left_alone 8 "back-off grows"
fake_stop bad
fake_start bad good
ok "back-off: that of the other agent is over, too" wait_for 60 connected_again
ctl request bad --size 2M --count 8 --json
is "$status" 0 "back-off: an agent that keeps the rules is served again"
is "$(field '[.made, .backed]')" '[8,8]' "back-off: with all of it"
without_agent "back-off"

# Regression: status showed regions that can't be, and release believed more
# than it had asked for.
for mode in lists-outside lists-fewer; do
	with_agent "$mode"
	ctl status bad --json
	is "$status" 0 "$mode: the host's part is shown"
	is "$(field '.guests[0].regions')" null "$mode: and no region"
	like "$(field '.guests[0].agent_error')" 'guest bad: its agent broke the rules' \
		"$mode: and why"
	ctl list --json
	is "$(field '.guests[0].agent.counts.faults')" 1 "$mode: it is faulty"
	without_agent "$mode"
done
with_agent releases-more
ctl request bad --size 2M --count 4 --into hold
is "$status" 0 "releases-more: regions to release"
ctl release bad --id 1,2
is "$status" 1 "releases-more: status 1"
one_line "releases-more" 'guest bad: its agent broke the rules: it released more'
without_agent releases-more

# ----- streams without end -----------------------------------------------------
for mode in flood chatter; do
	with_agent "$mode"
	ctl request bad --size 2M --count 8
	is "$status" 1 "$mode: status 1"
	one_line "$mode" 'guest bad: its agent broke the rules'
	without_agent "$mode"
done
with_agent garbage
ctl request bad --size 2M --count 8
cmp_ok "$status" -ne 0 "garbage: no success"
one_line "garbage" 'guest bad: '
garbage_seen() {
	ctl list --json
	[ "$(field '.guests[0].agent.counts | .garbage_bytes > 1000000 and
		.faults >= 1')" = true ]
}
ok "garbage: it is counted, and the guest is faulty" wait_for 20 garbage_seen
without_agent garbage


# Regression: each ERROR VERSION counted as an answer, and each frame with a
# ping's number as a sign of life, so that neither stream had an end.
faulty() {
	ctl list --json
	[ "$(field '.guests[0].agent.counts.faults >= 1')" = true ]
}
with_agent version-flood
ctl request bad --size 2M --count 8
cmp_ok "$status" -ne 0 "version-flood: no success"
one_line "version-flood" 'guest bad: '
ok "version-flood: it is cut off" wait_for 20 faulty
without_agent version-flood
with_agent ping-flood
ctl request bad --size 2M --count 8
is "$status" 1 "ping-flood: status 1"
one_line "ping-flood" 'guest bad: its agent broke the rules: an endless stream'
without_agent ping-flood

# ----- what is only dropped ------------------------------------------------------
with_agent twice
for _ in 1 2 3; do
	ctl request bad --size 2M --count 8 --json
	is "$status" 0 "twice: status 0"
	is "$(field '[.made, .backed]')" '[8,8]' "twice: the first answer counts"
done
ctl list --json
cmp_ok "$(field '.guests[0].agent.counts.dropped_frames')" -ge 4 \
	"twice: the second ones are dropped and counted"
without_agent twice

# ----- answers that don't come ------------------------------------------------------
# goes_unanswered MODE: no answer within the time for it.
goes_unanswered() {
	with_agent "$1"
	ctl request bad --size 2M --count 8
	is "$status" 4 "$1: status 4"
	one_line "$1" 'guest bad: the agent does not answer'
}

goes_unanswered silent
like "$err" 'start contig-agent in the guest' "silent: what to do"
ctl back bad
is "$status" 0 "silent: back needs no agent"
ctl status bad --json
is "$status" 0 "silent: status needs none"
like "$(field '.guests[0].agent_error')" 'does not answer' "and says so"
without_agent silent

# No answer, half of one and one of another session are waited for no longer than
# the guest had time, and some more.
for mode in nonce half deaf; do
	with_agent "$mode"
	ctl request bad --size 2M --count 8 --timeout 1
	is "$status" 4 "$mode: status 4"
	one_line "$mode" 'guest bad: the agent does not answer'
	ctl list --json
	dropped=$(field '.guests[0].agent.counts.dropped_frames')
	[ "$mode" != nonce ] ||
		cmp_ok "$dropped" -ge 1 "nonce: the answer is dropped, and counted"
	without_agent "$mode"
done

goes_unanswered hangs
ok "hangs: in the middle of the touching" fake_told bad 'TOUCH.*'
without_agent hangs

goes_unanswered dies
like "$(cat "$tap_dir/bad.fake.log")" closed "dies: the connection is gone"
without_agent dies

goes_unanswered dies-touch
without_agent dies-touch

with_agent version
ctl request bad --size 2M --count 8
is "$status" 4 "version: status 4"
one_line "version" 'another protocol version: versions 7 to 9.*install the'
# Regression: each try was a line in the log.
tried_again() {
	[ "$(grep -cx HELLO "$tap_dir/bad.fake.log")" -ge 4 ]
}
ok "version: it is tried again" wait_for 30 tried_again
is "$(grep -c 'bad: agent: it speaks' "$tap_dir/contigd.log")" 1 \
	"version: and said once"
without_agent version

with_agent no-kernel
ctl request bad --size 2M --count 8
is "$status" 1 "no-kernel: status 1"
one_line "no-kernel" 'no usable /dev/coalesce.*CONFIG_COALESCE'
without_agent no-kernel

# ----- less than was asked for ----------------------------------------------------
with_agent partly
ctl request bad --size 2M --count 8 --json
is "$status" 3 "partly: status 3"
is "$(field '[.requested, .made, .backed]')" '[8,4,4]' "partly: half of it"
is "$(field .shortfall)" '[{"side":"guest","reason":"pinned","regions":4}]' \
	"partly: and why"
ctl request bad --size 2M --count 8
like "$out" 'missing +4 +guest +pinned' "partly: people are told, too"
without_agent partly

# ----- an agent that ends while nobody asks --------------------------------------
# Regression: list said for ever that it answers.
with_agent leaves
answers() {
	ctl list --json
	[ "$(field '.guests[0].agent.answers')" = "$1" ]
}
ok "leaves: it answers at first" wait_for 20 answers true
ok "leaves: and then list says that it does not" wait_for 90 answers false
without_agent leaves

# ----- no agent at all ---------------------------------------------------------------
contigd_start bad good
ctl request bad --size 2M --count 8
is "$status" 4 "no port: status 4"
one_line "no port" 'guest bad: the agent does not answer'
end_process "$contigd_pid"
contigd_config bad | grep -v '^agent' > "$tap_dir/contigd.conf"
contigd_again
ctl request bad --size 2M --count 8
is "$status" 4 "no agent configured: status 4"
one_line "no agent configured" "has no agent; add 'agent = PATH'"
done_testing
