#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a page keeps when it is moved: its node, also where a memory policy or a
# cpuset asks for it, the cgroup that it is charged to, and what the kernel knows
# of its use.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=nodes
node_pages=$((448 << 8))
guest_start "$guest" --memory none --mem 896 \
	--smp 2,sockets=2 --disk 64 -- \
	-object memory-backend-ram,id=ram0,size=448M \
	-object memory-backend-ram,id=ram1,size=448M \
	-numa node,nodeid=0,memdev=ram0,cpus=0 \
	-numa node,nodeid=1,memdev=ram1,cpus=1
is "$(run 'cat /sys/devices/system/node/has_memory')" 0-1 "there are two nodes"

# A program's pages by node, as "N0 N1". Those of its file may be anywhere.
on_nodes() { # PID
	run "cat /proc/$1/numa_maps" | awk '
		!/ file=/ { for (i = 3; i <= NF; i++)
			if (split($i, part, "=") == 2 && part[1] ~ /^N[0-9]/)
				n[part[1]] += part[2] }
		END { print n["N0"] + 0, n["N1"] + 0 }'
}
program() { # COMMAND: starts it; says its process
	value_of pid "$(run "$@")"
}
right() { # PROGRAM
	like "$(run --timeout 300 "tell /tmp/$1 check")" ' wrong=0$' \
		"memory of the program $1 is the same"
}
# Regions that are not on a node, by where they are.
elsewhere() { # NODE OUTPUT
	awk -v first=$(($1 * node_pages)) -v pages="$node_pages" '
		$1 == "region" && ($3 < first || $3 >= first + pages)' <<< "$2"
}

# ----- where programs are bound to a node ---------------------------------------
run 'mkdir /tmp/cgroup && mount -t cgroup2 cgroup2 /tmp/cgroup
	echo "+memory +cpuset" > /tmp/cgroup/cgroup.subtree_control
	mkdir /tmp/cgroup/confined && echo 1 > /tmp/cgroup/confined/cpuset.mems'
bound=$(program 'onnode 0 fragment /tmp/bound --percent 20 --keep 50')
confined=$(program 'echo 0 > /tmp/cgroup/confined/cgroup.procs
	head -c 8388608 /dev/zero > /tmp/file
	exec fragment /tmp/confined --percent 25 --keep 50')
bound_on=$(on_nodes "$bound")
confined_on=$(on_nodes "$confined")
like "$bound_on" '^[0-9]{4,} 0$' "a program is bound to node 0"
like "$confined_on" '^0 [0-9]{4,}$' "a program is confined to node 1"

# ----- what a cgroup is charged for --------------------------------------------
# Each processor charges up to 64 pages in advance, and keeps as many changes of
# each counter to itself.
slack=$((2 * 64))
charged() { # FILE [KEY]: in pages
	run "cat /tmp/cgroup/confined/$1" | awk -v key="${2:-}" '
		!key || $1 == key { print int($NF / 4096) }'
}
charges() {
	echo "$(charged memory.current) $(charged memory.stat anon) $(charged \
		memory.stat file)"
}
same_charges() { # BEFORE NOW
	awk -v slack="$slack" '{ for (i = 1; i <= 3; i++) {
		n = $i - $(i + 3)
		if (n > slack || -n > slack || !$i) exit 1 } }' <<< "$1 $2"
}
charges=$(charges)
note "charged for (all, anonymous, files): $charges"

for node in 0 1; do
	out=$(run --timeout 300 "coalesce request --node $node --count 2000")
	made=$(value_of made "$out")
	cmp_ok "$made" -ge 16 "node $node: $made regions are made"
	is "$(elsewhere "$node" "$out")" "" "node $node: all of them there"
	is "$(awk -v node="$node" '$1 == "region" && $5 != node' <<< "$out")" \
		"" "node $node: which each says"
	cmp_ok "$(value_of moves_done "$out")" -ge 1000 \
		"node $node: pages were moved"
	is "$(on_nodes "$bound")" "$bound_on" \
		"node $node: a bound program's pages are on its node"
	is "$(on_nodes "$confined")" "$confined_on" \
		"node $node: and so are a confined one's"
	now=$(charges)
	ok "node $node: its cgroup is charged the same ($now)" \
		same_charges "$charges" "$now"
done

# ----- who asks is confined himself ---------------------------------------------
ask_in_cgroup() { # OPTIONS
	run "echo 0 > /tmp/cgroup/confined/cgroup.procs
		coalesce request --count 8 $* 2>&1; echo status=\$?"
}
like "$(ask_in_cgroup --node 0)" 'Invalid argument.*status=1' \
	"confined to node 1: node 0 is refused"
out=$(ask_in_cgroup)
is "$(value_of made "$out")" 8 "confined to node 1: regions of any node are made"
is "$(elsewhere 1 "$out")" "" "confined to node 1: all of them there"

right bound
right confined
run 'tell /tmp/bound quit; tell /tmp/confined quit; rm /tmp/file' > /dev/null
cmp_ok "$(charged memory.current)" -le $((4 * slack)) \
	"at its end a cgroup is charged for no page"
cgroup_is_gone() {
	run 'rmdir /tmp/cgroup/confined' 2> /dev/null
}
ok "and can be removed" wait_for 30 cgroup_is_gone

# ----- what is known of a page's use --------------------------------------------
# Who reads memory through /proc/PID/mem uses it: once, and it is referenced,
# twice, and it is active.
run 'onnode 0 fragment /tmp/frag --percent 25 --keep 40' > /dev/null
used=$(program 'onnode 0 fragment /tmp/used --percent 4 --keep 100')
# The largest of its mappings is what it reads and writes.
pages=0
while IFS='- ' read -r from to _; do
	((0x$to - 0x$from >> 12 > pages)) || continue
	start=$((0x$from >> 12))
	pages=$(((0x$to - 0x$from) >> 12))
done < <(run "grep -v vsyscall /proc/$used/maps")
run "for count in $((pages * 3 / 4)) $((pages / 2)); do
	dd if=/proc/$used/mem of=/dev/null bs=4096 skip=$start count=\$count \
		2> /dev/null; done; coalesce state" > /dev/null
known() {
	run "memlook --process $used"
}
known=$(known)
cmp_ok "$(value_of active "$known")" -ge $((pages / 2 - 8)) \
	"half of a program's pages are active"
cmp_ok "$(value_of referenced "$known")" -ge $((pages / 4 - 8)) \
	"and a quarter referenced"
requested active 8
run 'coalesce state' > /dev/null
is "$(known)" "$known" "pages that are moved stay active, or referenced"
right used

# Written to a file and not yet to its disk.
run 'mount -t ext4 /dev/vda /mnt
	echo 0 > /proc/sys/vm/dirty_writeback_centisecs'
sum=$(run 'for i in $(seq 8); do cat /bin/busybox; done > /tmp/file
	onnode 0 cp /tmp/file /mnt && rm /tmp/file && md5sum < /mnt/file')
requested dirty 8
# A few are those of the file system itself.
cmp_ok "$(($(total "$before") - $(total "$(blocks_with dirty)")))" -le 16 \
	"as many pages are to be written as before"
run 'sync; echo 3 > /proc/sys/vm/drop_caches'
cmp_ok "$(total "$(blocks_with dirty)")" -le 16 "which they are then"
is "$(run 'md5sum < /mnt/file')" "$sum" "the disk has what was written"
no_holes used
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
