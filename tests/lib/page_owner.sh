# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whether memory has leaked in a guest that runs the debug kernel with
# page_owner=on: page owner counts for each place in the kernel the pages that
# were allocated there and not yet freed, and /proc/allocinfo the bytes for each
# line of source. Needs guest.sh sourced before.
#
#   page_owner GUEST       what is owned, in blocks with an empty line between
#                          them: a stack, then "nr_base_pages: N"
#   owned TEXT             pages in all of them
#   owned_by_coalesce TEXT stacks in which mm/coalesce still owns a page
#   allocated_by_coalesce GUEST
#                          lines of mm/coalesce that still own memory: bytes,
#                          objects, and where they were allocated
#   more_owned BEFORE AFTER  where more is owned than before, for a log
#
# Left out are slab pages (KASAN keeps freed objects in quarantine, caches keep
# empty slabs), stacks of kernel threads, which come and go, page owner's own
# growing store, and the working memory that vm.coalesce_min_order keeps for good.

page_owner() {
	guest_run "$1" 'sync; echo 3 > /proc/sys/vm/drop_caches
		coalesce state > /dev/null
		cat /sys/kernel/debug/page_owner_stacks/show_stacks'
}

owned() {
	awk 'BEGIN { RS = "" }
	     !/allocate_slab|copy_process|register_dummy_stack/ { sum += $NF }
	     END { print sum + 0 }' <<< "$1"
}

owned_by_coalesce() {
	awk 'BEGIN { RS = "" }
	     /coalesce_/ && !/allocate_slab|coalesce_min_order_handler/ &&
		$NF > 0' <<< "$1"
}

allocated_by_coalesce() {
	guest_run "$1" "grep ' mm/coalesce/' /proc/allocinfo" | awk '$1 > 0'
}

more_owned() {
	awk 'BEGIN { RS = "" }
	     { n = $NF; sub(/\nnr_base_pages.*/, "") }
	     FNR == NR { before[$0] = n; next }
	     n > before[$0] + 4 && !/allocate_slab/ {
		print $0 "\n+" n - before[$0] }' <(echo "$1") <(echo "$2") |
		head -n 60
}
