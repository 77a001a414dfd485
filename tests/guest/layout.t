#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guest memory that is not in one piece: two nodes, RAM below and above the PCI
# hole, a DIMM plugged in later. A region of each part is made and backed, at
# the address where that part's own backend has it.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/host.sh
source "$top/tests/lib/host.sh"

gib=$((1 << 30))
regions=4

# asked DESCRIPTION OPTIONS...: all regions are made, and backed.
asked() {
	local what=$1
	shift
	ctl request guest --size 2M --count "$regions" --into hold --json \
		"$@" > "$tap_dir/answer.json" 2> "$tap_dir/answer.err"
	is "$?" 0 "$what: the goal is reached" ||
		diag "$(cat "$tap_dir/answer.json" "$tap_dir/answer.err")"
	is "$(answer '"\(.made) \(.backed)"')" "$regions $regions" \
		"$what: made and backed"
}

answer() { # JQ-FILTER
	jq -r "$1" "$tap_dir/answer.json"
}

# within DESCRIPTION START END: every region's gpa is.
within() {
	local gpa out=0
	for gpa in $(answer '.regions[].gpa'); do
		((gpa >= $2 && gpa + (2 << 20) <= $3)) || out=$((out + 1))
	done
	is "$out" 0 "$1: every region lies where it should"
}

# Every region's hva less its gpa: one number for one backend.
offset_of_part() {
	local gpa hva
	while read -r gpa hva; do
		echo $((hva - gpa))
	done < <(answer '.regions[] | "\(.gpa) \(.hva)"') | sort -u
}

hex() {
	printf 0x%x "$1"
}

# check PART START END OPTIONS...: regions of a part, in [START, END) GiB.
check() {
	local part=$1 start=$(($2 * gib)) end=$(($3 * gib))
	shift 3
	asked "$part" "$@"
	within "$part" "$start" "$end"
	offset=$(offset_of_part)
	like "$offset" '^-?[0-9]+$' "$part: in one backend"
}

# The guest sees its new memory some time after it is plugged in, and has it
# brought online, as udev does; as memory that can be unplugged again.
memory_is_online() { # MIB, at least, of the guest's
	[ "$(guest_run guest "
		for block in /sys/devices/system/memory/memory*; do
			grep -q offline \$block/state &&
				echo online_movable > \$block/state
		done
		awk '/^MemTotal/ { print int(\$2 / 1024) }' /proc/meminfo")" \
		-ge "$1" ]
}

# q35 puts 2 GiB below the hole and the rest at 4 GiB and up; the first node's
# backend is on both sides of the hole.
guest_start guest --memory none --mem 4096,slots=2,maxmem=16G -- \
	-object memory-backend-ram,id=ram0,size=3G \
	-object memory-backend-ram,id=ram1,size=1G,share=on \
	-numa node,nodeid=0,memdev=ram0,cpus=0-1 \
	-numa node,nodeid=1,memdev=ram1
guest_agent guest --max-held-percent 100
host_start guest

check "below the hole" 0 2 --range "0x0-$(hex $((2 * gib)))"
below=$offset
check "above the hole" 4 5 --range "$(hex $((4 * gib)))-$(hex $((5 * gib)))"
is "$offset" "$((below - 2 * gib))" "one backend on both sides of the hole"
above=$offset
check "node 0" 0 5 --node 0
is "$(answer '[.regions[].guest_node] | unique | tojson')" '[0]' \
	"node 0: every region is on it"
check "node 1" 5 6 --node 1
is "$(answer '[.regions[].guest_node] | unique | tojson')" '[1]' \
	"node 1: every region is on it"
cmp_ok "$offset" -ne "$above" "node 1 is another backend"

# ----- a DIMM ----------------------------------------------------------------
guest_qmp guest '{"execute":"object-add","arguments":{
	"qom-type":"memory-backend-ram","id":"dimmram","size":1073741824}}' \
	> "$tap_dir/dimm"
guest_qmp guest '{"execute":"device_add","arguments":{
	"driver":"pc-dimm","id":"dimm","memdev":"dimmram","node":1}}' \
	>> "$tap_dir/dimm"
is "$(grep -c '"return"' "$tap_dir/dimm")" 2 "a DIMM is plugged in" ||
	diag "$(cat "$tap_dir/dimm")"
ok "the guest has it online" wait_for 60 memory_is_online 4500
at=$(guest_qmp guest '{"execute":"query-memory-devices"}' |
	jq -r '.return[0].data.addr')
check "the DIMM" $((at / gib)) $((at / gib + 1)) \
	--range "$(hex "$at")-$(hex $((at + gib)))"

# Such memory is tried to be taken offline again and again until it is empty:
# with a held region in it that would never end.
offline() { # GPA: of the memory block that it lies in
	guest_run guest "size=\$(cat /sys/devices/system/memory/block_size_bytes)
		block=/sys/devices/system/memory/memory\$(($1 / 0x\$size))
		echo offline > \$block/state; cat \$block/state" 2>&1
}

gpa=$(answer '.regions[0].gpa')
like "$(offline "$gpa")" 'busy.*online$' \
	"the DIMM: memory with a held region stays online"
ctl release guest --all > /dev/null
like "$(offline "$gpa")" '^offline$' "the DIMM: without one it can go"

# ----- more than there is ----------------------------------------------------
# None but the pages below 1 MiB and what the kernel uses is missing.
asked=5000
ctl request guest --size 2M --count "$asked" --into hold --json \
	> "$tap_dir/answer.json" 2> "$tap_dir/answer.err"
is "$?" 3 "more than there is: reached in part"
made=$(answer .made)
cmp_ok "$made" -gt $((regions * 4)) "more than there is: $made are made"
is "$(answer .backed)" "$made" "more than there is: all of them backed"
is "$(answer '[.shortfall[].regions] | add')" $((asked - made)) \
	"more than there is: each of the others has a reason"
note "$(answer '.shortfall | tojson')"
ctl request guest --size 2M --count 1 --dry-run --json > "$tap_dir/more.json"
is "$(answer '[.shortfall[] | select(.reason == "held")] | length')" 0 \
	"more than there is: none of its own regions is a reason"
# One more, if the request was so near to it that its own memory, some 100 KiB
# that are free again now, makes the difference: seen in 2 of 72 guests that
# differed by 64 KiB.
cmp_ok "$(jq .made "$tap_dir/more.json")" -le 1 \
	"more than there is: no more could have been made"

# ----- all of it -------------------------------------------------------------
ctl release guest --all > /dev/null
ctl back guest --json > "$tap_dir/answer.json" 2> "$tap_dir/answer.err"
is "$?" 0 "back: the goal is reached" || diag "$(cat "$tap_dir/answer".*)"
# All but what firmware has below 1 MiB.
cmp_ok "$(answer .ram_bytes)" -gt $((5 * gib - (1 << 20))) \
	"back: looks at all parts"
cmp_ok "$(answer .used_bytes)" -ge $((5 * regions << 21)) \
	"back: finds memory in use"

is "$(guest_oops guest)" '' "the guest's kernel reports nothing"

done_testing
