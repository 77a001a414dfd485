#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What can be seen of a request while it works: a tracepoint for each plan, batch and
# region. (For failures and counters see reasons.t.)
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=watching
guest_start "$guest" --mem 512 --smp 1
run 'fragment /tmp/frag --percent 70 --keep 50 --leave-free 4' > /dev/null
run 'mount -t tracefs trace /sys/kernel/tracing
	cd /sys/kernel/tracing && echo 1 > events/coalesce/enable'
# As many as are free take no move, and no plan.
wanted=$(($(value_of free_blocks "$(run 'coalesce state')") + 20))
out=$(run "coalesce request --count $wanted")
is "$(run 'grep -c coalesce_region: /sys/kernel/tracing/trace')" \
	"$(value_of made "$out")" "a tracepoint for each region"
cmp_ok "$(run 'grep -c coalesce_batch: /sys/kernel/tracing/trace')" \
	-ge 1 "and for batches"
like "$(run 'grep -m 1 coalesce_plan: /sys/kernel/tracing/trace')" \
	'order=9 wanted=[0-9]+ chosen=[0-9]+ moves=[0-9]+' "and for the plan"
run 'echo 0 > /sys/kernel/tracing/events/coalesce/enable'
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
