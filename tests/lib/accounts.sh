# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a request must not lose or leave behind. Needs tap.sh and guest.sh sourced
# before.

# accounted_pages GUEST: the pages that the guest's kernel can account for:
# free, page cache, anonymous, slab (KASAN's quarantine is in there), page
# tables, stacks, per-CPU and vmalloc areas. A page that was taken from
# somewhere and forgotten is in none of them, so this sum gets smaller, while
# it stays the same when caches grow or shrink. Each processor keeps up to 125
# pages of each of these counts to itself; stat_refresh adds them up.
accounted_pages() {
	guest_run "$1" 'sync; echo 3 > /proc/sys/vm/drop_caches
		coalesce state > /dev/null; echo 1 > /proc/sys/vm/stat_refresh
		cat /proc/meminfo' |
		awk '/^(MemFree|Buffers|Cached|AnonPages|Slab|KernelStack|PageTables|SecPageTables|Percpu|VmallocUsed):/ {
			sum += $2 } END { print int(sum / 4) }'
}

# no_block_isolated GUEST WHAT: no pageblock has kept the mark of a request.
no_block_isolated() {
	is "$(guest_run "$1" 'cat /proc/pagetypeinfo' | awk '
		/^Number of blocks type/ {
			for (i = 5; i <= NF; i++) if ($i == "Isolate") at = i }
		at && /^Node .*, zone / && NF == at - 1 { sum += $(at - 1) }
		END { print at ? sum + 0 : "unknown" }')" 0 \
		"$2: no block stays isolated"
}
