#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Requests and backing on the real memory of a QEMU without a guest: what
# contigd says is held against /proc/PID/smaps.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/host/host.sh"

qemu_start anon
qemu_start shared memory-backend-ram,share=on
qemu_start file "memory-backend-file,share=on,align=2M,mem-path=$tap_dir/shm"
qemu_start memfd memory-backend-memfd
for name in anon shared file memfd; do
	fake_start "$name" good
done
contigd_start anon shared file memfd

# ----- anonymous RAM ---------------------------------------------------------
# Regression: QEMU asks for huge pages for its RAM and gets them when it loads
# the blob, so that a contigd that collapses nothing passed, too.
ok "anonymous RAM: nothing is huge before" wait_for 20 split anon
ctl request anon --size 2M --count 16 --json
cmp_ok "$(huge_kib anon)" -ge 32768 "anonymous RAM: smaps shows 32 MiB after"
is "$status" 0 "anonymous RAM: status 0"
is "$(field '[.version, .guest, .size, .requested, .made, .backed]')" \
	'[1,"anon",2097152,16,16,16]' "16 asked, made and backed"
like "$(field .evidence)" '"(pagemap_scan|smaps)"' "the evidence is named"
is "$(field .kvm)" null "no figures of KVM without KVM"
is "$(field '[.regions[] | select(.backed and .state == "free")] | length')" \
	16 "each region is backed and free again"
is "$(field '.regions[0] | [.gpa, .size, .guest_node, .host_node]')" \
	'["0x10000000",2097152,0,0]' "the first one is where the guest says"
is "$(field '.regions[0].id')" 1 "and has its id"
like "$(field '.regions[0].hva')" '"0x[0-9a-f]*00000"' "and its host address"
is "$(field .shortfall)" '[]' "nothing is missing"
is "$(field '.work | [.moves_tried, .moves_done, .bytes_copied,
	.pages_scanned, .guest_ns]')" '[100,90,368640,1000,1000000]' \
	"the guest's figures are handed on"
cmp_ok "$(field .work.host_ns)" -gt 0 "the host's time is told"
cmp_ok "$(field .elapsed_ns)" -gt "$(field .work.host_ns)" "and that of all"
ok "the guest was told to touch them" fake_told anon 'TOUCH 16'
ok "the guest was told to release them" fake_told anon 'RELEASE 16'

ctl request anon --size 2M --count 4 --into hold --json
is "$status" 0 "into hold: status 0"
is "$(field '[.regions[].state] | unique')" '["held"]' "they are held"
ok "the guest was told to keep them" fake_told anon 'HOLD 4'
ctl status anon --json
is "$status" 0 "status: status 0"
is "$(field '.guests[0] | [.held, .free, .clean, .lent, .aligned]')" \
	'[4,64,96,null,null]' "the guest's figures, and none that nobody knows"
cmp_ok "$(field '.guests[0].backed * 2048')" -eq "$(huge_kib anon)" \
	"backed agrees with smaps"
ctl release anon --all --json
is "$(field '[.requested, .released]')" '[4,4]' "all are released"
ctl release anon --id 77
is "$status" 3 "an id that isn't held: status 3"

# Past the 64 MiB that were written nothing is behind guest memory.
ctl request anon --size 2M --count 40 --json
is "$status" 3 "part of it untouched: status 3"
is "$(field '[.made, .backed]')" '[40,32]' "32 of 40 are backed"
is "$(field .shortfall)" '[{"side":"host","reason":"untouched","regions":8}]' \
	"the others were never touched"

ctl request anon --size 2M --count 8 --dry-run --json
is "$status" 0 "dry run: status 0"
is "$(field '[.made, .backed, .dry_run, .evidence, (.regions | length)]')" \
	'[8,0,true,null,0]' "it makes nothing"
ok "the guest was only asked for a plan" fake_told anon PLAN

# ----- shared RAM ------------------------------------------------------------
# Of anonymous shared memory nothing is huge unless an administrator said so.
before=$(huge_kib shared)
[ "$(grep -o '\[.*\]' /sys/kernel/mm/transparent_hugepage/shmem_enabled)" != '[never]' ] ||
	is "$before" 0 "shared RAM: nothing is huge before"
for name in shared file; do
	ctl request "$name" --size 2M --count 8 --json
	is "$status" 0 "$name RAM: status 0"
	is "$(field '[.made, .backed]')" '[8,8]' "8 made and backed"
	cmp_ok "$(huge_kib $name)" -ge 16384 "and smaps shows 16 MiB"
	before=$(($(huge_kib $name) * 1024))
	ctl back "$name" --json
	is "$status" 0 "$name: back: status 0"
	is "$(field '[.used_bytes, .huge_bytes_before, .huge_bytes_after]')" \
		"[$blob_bytes,$before,$blob_bytes]" "all that is used is backed"
	is "$(huge_kib $name)" $((blob_bytes / 1024)) "and smaps shows it"
done
ctl back shared
like "$out" 'shared: 64 MiB of 64 MiB in use is backed' "people read it so"

# ----- RAM that is not congruent ----------------------------------------------
ctl request memfd --size 2M --count 4
is "$status" 1 "memfd RAM: status 1"
one_line "memfd RAM" 'RAM at 0x[0-9a-f]+ \(ram\) is mapped at 0x[0-9a-f]+.*memory-backend-ram'
ok "the guest was asked for nothing" \
	test "$(grep -c REQUEST "$tap_dir/memfd.fake.log")" = 0
ctl back memfd
is "$status" 1 "back: status 1"
one_line "back" 'align=2M instead of memory-backend-memfd'
ctl status memfd --json
is "$(field '.guests[0].backed')" 0 "status: nothing is backed"

# Regression: one DIMM of that kind kept the rest of the guest from its pages.
qemu_start mixed memory-backend-ram 512 -m slots=2,maxmem=2G \
	-object memory-backend-memfd,id=dimm,size=64M,prealloc=on \
	-device pc-dimm,memdev=dimm
end_process "$contigd_pid"
contigd_start mixed
ctl back mixed --json
is "$status" 3 "back with a DIMM that is not congruent: status 3"
is "$(field '[.used_bytes, .huge_bytes_after]')" \
	"[$((2 * blob_bytes)),$blob_bytes]" "the rest is backed"
is "$(field .shortfall)" \
	'[{"side":"host","reason":"not_congruent","regions":32}]' \
	"and the DIMM is missing"
end_process "$contigd_pid"
contigd_start anon shared file memfd
ctl status anon

# ----- where -------------------------------------------------------------------
ctl request anon --size 2M --count 4 --range 0x10000000-0x11000000
is "$status" 0 "a range: status 0"
ctl request anon --size 2M --count 4 --range 4G-5G
is "$status" 1 "a range without RAM: status 1"
one_line "a range without RAM" '0x100000000-0x140000000 holds no RAM'

# ----- pictures ----------------------------------------------------------------
ctl map anon
is "$status" 0 "map: status 0"
like "$out" 'F{32}' "64 MiB behind huge pages, free in the guest"
ctl map anon --svg "$tap_dir/map.svg"
is "$status" 0 "map --svg: status 0"
ok "it is well-formed" xmllint --noout "$tap_dir/map.svg"
is "$(rsvg-convert -o "$tap_dir/map.png" "$tap_dir/map.svg" && head -c 4 "$tap_dir/map.png" | tail -c 3)" PNG \
	"and can be drawn"
ctl map anon --json
is "$(field '[.cell_bytes, (.cells | length)]')" '[2097152,256]' \
	"map --json: a cell for each block"
is "$(field '[.cells[] | select(.huge == 1)] | length')" 32 "32 are huge"
ctl map anon --svg /no/such/folder/map.svg
is "$status" 1 "a file that can't be written: status 1"
one_line "a file that can't be written" "can't write /no/such/folder"

# ----- list --------------------------------------------------------------------
ctl list --json
is "$(field '[.guests[].name]')" '["anon","shared","file","memfd"]' \
	"list names the guests"
is "$(field '.guests[0] | [.qemu.state, .qemu.pid, .agent.answers]')" \
	"[\"ready\",${qemu_pid[anon]},true]" "with QEMU's pid and the agent"

# ----- the older way to look ----------------------------------------------------
kill "$contigd_pid"
wait "$contigd_pid"
sed -i 's/^socket.*/&\nevidence = smaps/' "$tap_dir/contigd.conf"
contigd_again
ctl request shared --size 2M --count 8 --json
is "$status" 0 "smaps: status 0"
is "$(field '[.backed, .evidence]')" '[8,"smaps"]' "it sees the same"
ctl back shared --json
is "$(field '.huge_bytes_after')" "$blob_bytes" "and all that is used"

# ----- without privileges --------------------------------------------------------
kill "$contigd_pid"
wait "$contigd_pid"
contigd_again --bounding-set -sys_ptrace,-sys_nice,-sys_admin \
	--inh-caps -sys_ptrace,-sys_nice,-sys_admin
# QEMU has to have what contigd lacks: then the kernel lets nobody look.
if (((16#$(sed -n 's/^CapEff:\t//p' "/proc/${qemu_pid[anon]}/status") >> 19) & 1)); then
	ctl back anon
	is "$status" 1 "without capabilities: status 1"
	one_line "without capabilities" "QEMU's monitor .*/anon\.qmp can't be used: Permission denied; contigd needs to be root or QEMU's user with CAP_SYS_PTRACE$"
else
	skip "without capabilities" "this shell has no CAP_SYS_PTRACE to take away"
fi
done_testing
