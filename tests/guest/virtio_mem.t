#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a host does to a guest's memory besides: a virtio-mem device grows and
# shrinks, and free pages are reported to the host, while regions are made of them.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/lib/accounts.sh
source "$top/tests/lib/accounts.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=vmem
device_mib=256
guest_start "$guest" --mem 512 \
	--append 'memhp_default_state=online_movable movable_node' -- \
	-m 512,maxmem=2G \
	-object "memory-backend-ram,id=vmem,size=${device_mib}M" \
	-device virtio-mem-pci,id=vm0,memdev=vmem \
	-device virtio-balloon-pci,free-page-reporting=on
# As in hotplug.t: a request leaves no more than the high watermarks.
run 'echo 16384 > /proc/sys/vm/min_free_kbytes'
memory=$(meminfo MemTotal)

device() { # KEY
	guest_qmp "$guest" '{"execute":"query-memory-devices"}' |
		jq ".return[0].data[\"$1\"]"
}

ask_for() { # MIB
	guest_qmp "$guest" '{"execute":"qom-set","arguments":{
		"path":"/machine/peripheral/vm0","property":"requested-size",
		"value":'$(($1 << 20))'}}' > /dev/null
}

# The driver tries by itself again only after a minute: each new size has it try
# at once.
reaches() { # MIB
	[ "$(device size)" != $(($1 << 20)) ] || return 0
	ask_for $(($1 ? $1 - 2 : 2))
	ask_for "$1"
	return 1
}

right() { # WHEN
	like "$(run --timeout 300 'tell /tmp/frag check')" ' wrong=0$' \
		"a program's memory is right $1"
}

first=$(($(device memaddr) >> 12))
pages=$((device_mib << 8))
ok "the device grows" wait_for 120 reaches "$device_mib"
is "$(($(meminfo MemTotal) - memory))" $((device_mib << 10)) \
	"and the guest has all of it"

like "$(run dmesg)" 'Free page reporting enabled' "free pages are reported"

# ----- regions of the device --------------------------------------------------
run --timeout 300 'fragment /tmp/frag --percent 60 --keep 40' > /dev/null
asked=24
out=$(run --timeout 300 "coalesce request --count $asked --range $first+$pages")
is "$(value_of made "$out")" "$asked" "regions of the device are made"
cmp_ok "$(value_of moves_done "$out")" -ge $((asked * 16)) "pages were moved"
right "afterwards"

# ----- what is held does not leave ----------------------------------------------
held_mib=16
ok "regions of the device are held" \
	hold_regions --count $((held_mib / 2)) --range "$first+$pages"
ok "the device shrinks to what is held" wait_for 180 reaches "$held_mib"
ask_for 0
is "$(run 'coalesce state | grep held_regions')" "held_regions=$((held_mib / 2))" \
	"all of that is still held"
cmp_ok "$(device size)" -ge $((held_mib << 20)) "and still there"
ok "it is given back" give_back
ok "then all of the device goes" wait_for 180 reaches 0
is "$(meminfo MemTotal)" "$memory" "the guest has as much as at first"
right "without the device"

# ----- while requests work ------------------------------------------------------
requests_begin "$first+$pages"
for mib in "$device_mib" 64 "$device_mib" 0; do
	count=$(answered)
	ok "the device has $mib MiB" wait_for 180 reaches "$mib"
	ok "requests are answered" wait_for 120 more_answered "$count"
done
requests_end "in the end"
cmp_ok "$(run "awk '\$1 == \"region\" && \$3 >= $first' /tmp/requests |
	wc -l")" -ge 10 "regions of the device were made meanwhile"
right "in the end"
no_block_isolated "$guest" "in the end"
is "$(meminfo MemTotal)" "$memory" "the guest has as much as at first"
is "$(guest_oops "$guest")" "" "the kernel has nothing to complain of"

done_testing
