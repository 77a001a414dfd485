#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page cache, where there is no room to move it to: dropped if that is allowed, and
# only then, and only as much as is said.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=reclaim
guest_start "$guest" --mem 1280 --smp 1 --disk 400
run --timeout 300 'mount -t ext4 /dev/vda /mnt
	i=0; while [ $i -lt 36 ]; do
		dd if=/dev/zero of=/mnt/$i bs=1M count=10 2> /dev/null
		i=$((i + 1)); done; sync
	fragment /tmp/frag --percent 86 --keep 100' > /dev/null
out=$(run 'coalesce request --count 400')
without=$(value_of made "$out")
is "$(value_of reclaimed "$out")" 0 "without --reclaim nothing is dropped"
before=$(meminfo Cached)
out=$(run 'coalesce request --count 400 --reclaim')
dropped=$(value_of reclaimed "$out")
cmp_ok "$(value_of made "$out")" -gt "$without" \
	"with --reclaim more are made ($without without)"
cmp_ok "$dropped" -gt 0 "page cache was dropped"
# Give or take what the shell that looks has read.
cmp_ok "$(((before - $(meminfo Cached)) / 4))" -le $((dropped + 256)) \
	"and no more than is said ($dropped pages)"
like "$(run 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
