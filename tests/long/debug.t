#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every kind of memory on the debug kernel too, which looks at each list, lock,
# page table and use of memory: what make check does on the release kernel.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"

for name in folios hotplug kinds nodes ondemand reclaim; do
	GUEST_KERNEL=debug "$top/tests/guest/$name.t" > "$tap_dir/$name" 2>&1
	is $? 0 "$name.t with the debug kernel" || diag "$(cat "$tap_dir/$name")"
done
done_testing
