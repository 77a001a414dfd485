#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What was in the way of a request, by name, and page cache that it may have the
# guest drop; agents that know nothing of either, and those that lie.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

qemu_start web

with_agent() { # MODE
	fake_start web "$1"
	contigd_start web
}

without_agent() {
	end_process "$contigd_pid"
	fake_stop web
}

# ----- what was in the way -----------------------------------------------------
shortfall='[{"side":"guest","reason":"slab","regions":7,'
shortfall+='"details":[{"name":"dentry","regions":7}]},'
shortfall+='{"side":"guest","reason":"pinned","regions":3},'
shortfall+='{"side":"guest","reason":"writeback","regions":2}]'
sum='missing +12 regions: slab \(dentry\) 7, pinned 3, writeback 2'
with_agent details
ctl request web --size 2M --count 16 --json
is "$status" 3 "details: status 3"
is "$(field '[.requested, .made, .backed]')" '[16,4,4]' "12 are missing"
is "$(field .shortfall)" "$shortfall" "each reason, and the slab cache"
is "$(field .work.pages_reclaimed)" 345 "the page cache that was dropped"
ctl request web --size 2M --count 16
like "$out" "$sum" "people are told in one line"
like "$out" 'missing +7 +guest +slab +kernel objects in the way' \
	"and what to do about it"
like "$out" 'page cache +345 clean pages dropped' "and what was dropped"
ctl request web --size 2M --count 16 --dry-run --json
is "$status" 3 "details of a plan: status 3"
is "$(field .shortfall)" "$shortfall" "the same"
ctl request web --size 2M --count 16 --dry-run
like "$out" "$sum" "people are told"
without_agent

with_agent details-many
ctl request web --size 2M --count 16 --json
is "$(field '.shortfall | length')" 1 "many: one reason"
is "$(field '[.shortfall[0].details[].regions] | add')" 10 "with all of its caches"
ctl request web --size 2M --count 16
like "$out" 'missing +12 regions: slab \(cache_0\) 4, slab \(cache_1\) 1, slab \(cache_2\) 1, slab \(cache_3\) 1, slab \(others\) 5' \
	"people are shown the first of them"
without_agent

# A single reason without details is said once.
with_agent partly
ctl request web --size 2M --count 8
is "$(grep -c missing <<< "$out")" 1 "nothing more to say: one line"
ctl request web --size 2M --count 8 --json
is "$(field '[.shortfall[0].details, .work.pages_reclaimed]')" '[null,0]' \
	"and no details"
without_agent

# ----- dropping page cache -----------------------------------------------------
with_agent good
ctl request web --size 2M --count 4
is "$status" 0 "without --reclaim: status 0"
ok "the guest may not drop any" eval "! fake_told web RECLAIM"
ctl request web --size 2M --count 4 --reclaim
is "$status" 0 "--reclaim: status 0"
ok "the guest may" fake_told web RECLAIM
ctl request web --size 2M --count 4 --reclaim=yes
is "$status" 2 "--reclaim takes no value"
without_agent

# An agent of before: it is served as ever, and not asked for what it can't do.
# Each is the first request of a contigd that does not know the agent yet, too.
for arguments in "" --dry-run; do
	with_agent old
	# shellcheck disable=SC2086 # none or one
	ctl request web --size 2M --count 4 --reclaim $arguments
	is "$status" 1 "old agent, --reclaim $arguments: status 1"
	one_line "old agent" \
		"guest web: its agent \(fake\) can't drop page cache; leave out --reclaim, or install"
	ok "it was not asked" eval "! fake_told web 'REQUEST|PLAN'"
	# shellcheck disable=SC2086 # none or one
	ctl request web --size 2M --count 4 $arguments
	is "$status" 0 "without --reclaim: status 0"
	without_agent
done

# ----- lies --------------------------------------------------------------------
# lies MODE REGEX
lies() {
	with_agent "$1"
	ctl request web --size 2M --count 16
	is "$status" 1 "$1: status 1"
	one_line "$1" "guest web: its agent broke the rules.*$2"
	ok "$1: nothing was touched" eval "! fake_told web 'TOUCH.*'"
	without_agent
}

lies details-more "don't add up"
lies details-other "don't add up"
lies details-twice 'more to say after the details'
lies details-text 'does not decode'
lies details-unasked 'said it does not have'
done_testing
