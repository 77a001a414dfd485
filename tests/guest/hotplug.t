#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory that comes and goes: a DIMM in ZONE_MOVABLE, from which regions are made
# while its blocks go offline and online and until it is unplugged.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=hotplug
dimm_mib=256
# A block of a DIMM that was offline for a moment, until another one could not be,
# is back in ZONE_MOVABLE only with movable_node. Elsewhere it may never go again.
guest_start "$guest" --mem 512 --append movable_node -- \
	-m 512,slots=1,maxmem=2G
# A request leaves the high watermarks alone. In so small a guest these are a
# megabyte above the point where a program is ended, and without swap or page cache
# nothing is there to reclaim: the shells of this test could be the ones.
run 'echo 16384 > /proc/sys/vm/min_free_kbytes'
memory=$(meminfo MemTotal)
# All of a program that is there before is in other memory.
other=$(value_of pid "$(run 'fragment /tmp/other --percent 50 --keep 40')")

dimms() {
	guest_qmp "$guest" '{"execute":"query-memory-devices"}' |
		jq -r '.return[].data.addr'
}
is "$(guest_qmp "$guest" '{"execute":"object-add","arguments":{
	"qom-type":"memory-backend-ram","id":"dimmram","size":'$((dimm_mib << 20))'}}')" \
	'{"return": {}}' "there is memory for a DIMM"
is "$(guest_qmp "$guest" '{"execute":"device_add","arguments":{
	"driver":"pc-dimm","id":"dimm","memdev":"dimmram"}}')" \
	'{"return": {}}' "a DIMM is plugged in"
first=$(($(dimms) >> 12))
pages=$((dimm_mib << 8))

# The memory blocks of the DIMM by their numbers; of 128 MiB each.
block_bytes=$((0x$(run 'cat /sys/devices/system/memory/block_size_bytes')))
first_block=$(((first << 12) / block_bytes))
nr_blocks=$(((dimm_mib << 20) / block_bytes))
switch() { # BLOCK STATE: until it is in that state
	run --timeout 300 "cd /sys/devices/system/memory/memory$1 &&
		{ [ \$(cat state) = ${2%%_*} ] || echo $2 > state; }" \
		2> /dev/null
}
all_online() {
	local i
	for ((i = 0; i < nr_blocks; i++)); do
		switch $((first_block + i)) online_movable || return 1
	done
}
ok "the guest has it online" wait_for 60 all_online
is "$(($(meminfo MemTotal) - memory))" $((dimm_mib << 10)) "all of it"

# ----- regions of ZONE_MOVABLE --------------------------------------------------
newer=$(value_of pid "$(run 'fragment /tmp/newer --percent 65 --keep 40')")
right() { # WHEN
	local name
	for name in other newer; do
		like "$(run --timeout 300 "tell /tmp/$name check")" \
			' wrong=0$' "memory is right $1 ($name)"
	done
}
in_dimm() { # PID: how many of a program's pages are there
	value_of present "$(run "memlook --process $1 $first $pages")"
}
regions_in_dimm() { # OUTPUT
	awk -v first="$first" -v pages="$pages" '$1 == "region" &&
		$3 >= first && $3 + 512 <= first + pages' <<< "$1" | wc -l
}
cmp_ok "$(in_dimm "$newer")" -ge $((pages / 8)) "a program has pages in it"
is "$(in_dimm "$other")" 0 "an older one has none"
asked=24
out=$(run --timeout 300 "coalesce request --count $asked --range $first+$pages")
is "$(value_of made "$out")" "$asked" "regions of the DIMM are made"
is "$(regions_in_dimm "$out")" "$asked" "within it"
cmp_ok "$(value_of moves_done "$out")" -ge $((asked * 16)) "pages were moved"
right "afterwards"

# Memory outside may be there because it must not be in ZONE_MOVABLE. There are
# holes enough in the DIMM, and it is not used.
there=$(in_dimm "$newer")
# As many as are free take no move.
wanted=$(($(value_of free_blocks "$(run 'coalesce state')") + 12))
out=$(run --timeout 300 "coalesce request --count $wanted --range 0+$first")
cmp_ok "$(value_of made "$out")" -ge "$((wanted / 2))" \
	"regions of other memory are made"
is "$(regions_in_dimm "$out")" 0 "not within the DIMM"
cmp_ok "$(value_of moves_done "$out")" -ge 1000 "pages were moved there"
is "$(in_dimm "$other")" 0 "none into the DIMM"
is "$(in_dimm "$newer")" "$there" "nor out of it"
# Room in ZONE_MOVABLE is none for these: whoever takes it for that isolates all
# other memory at once, and nothing is left to move to, or to allocate from.
out=$(run --timeout 300 "coalesce request --count 2000 --range 0+$first")
note "$(grep -E '^(made|moves_done|shortfall)' <<< "$out" | tr '\n' ' ')"
cmp_ok "$(value_of made "$out")" -ge "$((wanted / 2))" \
	"asking for all makes many"
no_target=$(value_of shortfall_no_target "$out")
# What is free in blocks for the kernel's own memory counts as room and is none.
cmp_ok "${no_target:-0}" -le 4 "and leaves room to move to"

# ----- while blocks go offline and online -----------------------------------------
requests_begin "$first+$pages"
# Regions that a request holds just now keep a block online.
for ((i = 0; i < 4; i++)); do
	block=$((first_block + i % nr_blocks))
	count=$(answered)
	ok "block $block goes offline" wait_for 120 switch "$block" offline
	ok "and comes back" wait_for 120 switch "$block" online_movable
	ok "requests are answered" wait_for 120 more_answered "$count"
done
right "after blocks have gone and come"

# ----- until it is unplugged -----------------------------------------------------
# Asked again as long as a region is held when the guest is about to let it go.
dimm_is_gone() {
	guest_qmp "$guest" '{"execute":"device_del","arguments":{"id":"dimm"}}' \
		> /dev/null
	[ -z "$(dimms)" ]
}
ok "the DIMM is unplugged" wait_for 120 dimm_is_gone
count=$(answered)
ok "requests are still answered" wait_for 120 more_answered "$((count + 1))"
requests_end "without the DIMM"
cmp_ok "$(run "awk '\$1 == \"region\" && \$3 >= $first' /tmp/requests |
	wc -l")" -ge "$asked" "regions of the DIMM were made all the while"
out=$(run "coalesce request --count $asked --range $first+$pages")
is "$(value_of shortfall_too_small "$out")" "$asked" "there is no such memory"
is "$(meminfo MemTotal)" "$memory" "the guest has as much as at first"
right "without the DIMM"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
