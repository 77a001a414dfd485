#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Regions above 2 MiB: each is asked for, checked, touched and backed as a whole,
# and counts only when all of it is behind huge pages.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

# with_agent NAME MODE [FIRST-GFN]
with_agent() {
	fake_start "$@"
	contigd_start "$1"
}

without_agent() {
	end_process "$contigd_pid"
	fake_stop "$1"
}

# told NAME: what the agent was told to do with regions, in one line.
told() {
	grep -E '^(TOUCH|HOLD|RELEASE) ' "$tap_dir/$1.fake.log" |
		paste -sd ' '
}

# allocated NAME MIB: of its mapping of that size.
allocated() {
	awk -v "size=$(($2 << 10))" '/^Size:/ { is_ram = $2 == size }
		/^Rss:/ && is_ram { all = $2 == size } END { exit !all }' \
		"/proc/${qemu_pid[$1]}/smaps"
}

qemu_start web

# ----- 4 MiB -------------------------------------------------------------------
with_agent web good
ok "nothing is huge before" wait_for 20 split web
ctl request web --size 4M --count 16 --json
is "$status" 0 "16 of 4 MiB: status 0"
is "$(field '[.size, .requested, .made, .backed]')" '[4194304,16,16,16]' \
	"made and backed"
is "$(huge_kib web)" 65536 "smaps shows all 64 MiB"
is "$(field '[.regions[] | select(.backed) | .size] | unique')" '[4194304]' \
	"each is of 4 MiB and backed"
is "$(field '[.regions[:2][].gpa]')" '["0x10000000","0x10400000"]' \
	"where the guest says"
is "$(field '.regions[1].host_node')" 0 "on one node"
is "$(told web)" 'TOUCH 16 RELEASE 16' "touched and given back"
ctl request web --size 4M --count 2
like "$out" '2 of 2 regions of 4 MiB made, 2 backed' "people read it so"

ctl request web --size 4M --count 2 --into hold --json
is "$(field '[.regions[] | [.state, .size]] | unique')" '[["held",4194304]]' \
	"two are held"
ctl status web --json
is "$(field '.guests[0] | [.held, .held_regions]')" '[4,2]' \
	"status: as 4 blocks, in 2 regions"
ctl request web --size 4M --count 4 --range 0x10000000-0x11000000
is "$status" 0 "a range of four: status 0"
ctl request web --size 4M --count 5 --range 0x10000000-0x11000000
is "$status" 2 "but not of five: status 2"

# ----- all of it counts --------------------------------------------------------
ctl request web --size 64M --count 1 --json
is "$(field '[.size, .made, .backed, .shortfall]')" '[67108864,1,1,[]]' \
	"64 MiB that were written are backed"
# Past the 64 MiB that were written nothing is behind guest memory.
ctl request web --size 128M --count 1 --json
is "$status" 3 "half of it untouched: status 3"
is "$(field '[.made, .backed, .regions[0].backed]')" '[1,0,false]' \
	"made, and not backed"
is "$(field .shortfall)" '[{"side":"host","reason":"untouched","regions":1}]' \
	"because of what was never touched"
without_agent web

# ----- 1 GiB -------------------------------------------------------------------
qemu_start large memory-backend-ram 512 -m slots=2,maxmem=4G \
	-object memory-backend-ram,id=dimm,size=1G,prealloc=on \
	-device pc-dimm,memdev=dimm
# Until then it does not answer on its monitor, either.
wait_for 120 allocated large 1024 || die "QEMU does not allocate its memory"
# Not split before: Linux 6.12 frees pages of zeroes then.
with_agent large good 0x100000
ctl request large --size 1G --count 1 --range 4G-5G --json
is "$status" 0 "1 GiB: status 0"
is "$(field '[.size, .made, .backed, .regions[0].gpa, .regions[0].size]')" \
	'[1073741824,1,1,"0x100000000",1073741824]' "made and backed"
is "$(huge_kib large 1024)" 1048576 "smaps shows it all"
without_agent large
end_process "${qemu_pid[large]}"

# A message has the guest touch 8 GiB at most, in whatever sizes.
qemu_start big memory-backend-ram,reserve=off 140000
with_agent big good 0x100000
ctl request big --size 1G --count 20 --json
is "$status" 3 "20 GiB without memory: status 3"
is "$(field '[.made, .backed, (.regions | length)]')" '[20,0,20]' \
	"none is backed"
is "$(told big)" 'TOUCH 8 TOUCH 8 TOUCH 4 RELEASE 20' "touched piece by piece"
cmp_ok "$(contigd_rss_kib)" -le 32768 "contigd needs $(contigd_rss_kib) KiB"
without_agent big
end_process "${qemu_pid[big]}"

# ----- what is shown -----------------------------------------------------------
with_agent web lists-large
ctl status web --json
is "$(field '.guests[0] | [.held, .held_regions, .regions[0].size]')" \
	'[8,1,16777216]' "status: a region of 16 MiB is 8 blocks"
ctl status web
like "$out" '0x10000000 +16 MiB +held' "status: people are shown its size"
ctl map web
is "$status" 0 "map: status 0"
without_agent web

# ----- what can't be -----------------------------------------------------------
# lies MODE SIZE REGEX [FIRST-GFN]
lies() {
	with_agent web "$1" ${4:+"$4"}
	ctl request web --size "$2" --count 4
	is "$status" 1 "$1, $2: status 1"
	one_line "$1, $2" "guest web: its agent broke the rules.*$3"
	is "$(told web)" '' "$1, $2: nothing was touched"
	without_agent web
}

for size in 4M 64M; do
	lies unaligned "$size" 'does not decode'
	lies overlap "$size" 'overlaps another'
	lies other-order "$size" 'has another size than was asked for'
	lies outside "$size" 'lies outside the guest.s RAM'
done
lies other-order 2M 'has another size than was asked for'
lies good 1G 'lies outside the guest.s RAM' 0

# ----- what the guest's kernel can't do ----------------------------------------
with_agent web old
ctl request web --size 4M --count 1
is "$status" 1 "a size that the guest's kernel can't make: status 1"
one_line "a size" "guest web: its kernel makes regions of 2 MiB only; use --size 2M"
ok "and it is not asked for it" eval "! fake_told web REQUEST"
ctl request web --size 2M --count 4
is "$status" 0 "the size that it can: status 0"
without_agent web
done_testing
