#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From contigctl to the kernel and back: regions above 2 MiB, page cache that a
# request lets the guest drop, and what was in the way, by name.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/host.sh
source "$top/tests/lib/host.sh"

asked() { # OPTIONS...
	ctl request guest --json "$@" > "$tap_dir/answer.json" \
		2> "$tap_dir/answer.err"
	status=$?
}

answer() { # JQ-FILTER
	jq -c "$1" "$tap_dir/answer.json"
}

# So many that there is a whole GiB without what the kernel takes at start.
guest_start guest --mem 6144 --smp 1 --disk 400
guest_run guest --timeout 600 'echo never > /sys/kernel/mm/transparent_hugepage/enabled
	mount -t ext4 /dev/vda /mnt
	fragment /tmp/frag --percent 30 --keep 40' > /dev/null ||
	die "no programs"
guest_agent guest
host_start guest

# ----- every size that there is -------------------------------------------------------
for size in 2M 4M 8M 16M 32M 64M 128M 256M 512M 1G; do
	bytes=$(numfmt --from=iec "$size")
	asked --size "$size" --count 1
	is "$status" 0 "$size: the goal is reached" ||
		diag "$(cat "$tap_dir/answer.json" "$tap_dir/answer.err")"
	is "$(answer "[.size, .requested, .made, .backed]")" \
		"[$bytes,1,1,1]" "$size: a region is made and backed"
	is "$(answer '[.regions[].size]')" "[$bytes]" "$size: it is as large"
	gpa=$(answer ".regions[0].gpa // \"0x1\"" | tr -d "\"")
	is "$((gpa % bytes))" 0 "$size: it begins at a multiple of that"
done
like "$(guest_run guest 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same after all that"

# ----- what was in the way -------------------------------------------------------------
# All above the PCI hole, where the kernel takes memory first.
whole="--size 2M --count 2048 --range 0x100000000-0x200000000 --dry-run"
# shellcheck disable=SC2086 # several words
asked $whole
is "$status" 3 "a range with kernel objects in it: status 3"
missing=$((2048 - $(answer .made)))
is "$(answer '[.shortfall[].regions] | add')" "$missing" \
	"each region that is missing has a reason"
slab='.shortfall[] | select(.reason == "slab")'
cmp_ok "$(answer "[$slab | .regions] | add // 0")" -ge 1 "slab is one of them"
is "$(answer "[$slab | .details[].regions] | add")" \
	"$(answer "$slab | .regions")" "and each of its regions has a cache"
# shellcheck disable=SC2086 # several words
ctl request guest $whole > "$tap_dir/out" 2>&1
like "$(cat "$tap_dir/out")" \
	'missing +[0-9]+ regions: .*slab \([^ )]+\) [0-9]+' \
	"people are told in one line"
guest_run guest 'tell /tmp/frag quit' > /dev/null

# ----- page cache, where there is no room -------------------------------------------------
guest_run guest --timeout 600 'i=0
	while [ $i -lt 36 ]; do
		dd if=/dev/zero of=/mnt/$i bs=1M count=10 2> /dev/null
		i=$((i + 1)); done; sync
	fragment /tmp/frag --percent 88 --keep 100' > /dev/null
asked --size 2M --count 3000 --timeout 600
without=$(answer .made)
is "$(answer .work.pages_reclaimed)" 0 "page cache stays, unless allowed"
asked --size 2M --count 3000 --timeout 600 --reclaim
cmp_ok "$(answer .made)" -gt "$without" \
	"more regions are made where it may be dropped ($without without)"
cmp_ok "$(answer .work.pages_reclaimed)" -gt 0 "and the answer says how much" ||
	diag "$(answer '{made, work, shortfall}')"
like "$(guest_run guest 'tell /tmp/frag check')" ' wrong=0$' \
	"memory is the same"
is "$(guest_oops guest)" "" "the kernel has nothing to complain of"

done_testing
