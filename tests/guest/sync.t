#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages that are being written to a slow disk: a request leaves them alone and
# says so; one that may wait has them moved when they have been written.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=tests/lib/kv.sh
source "$top/tests/lib/kv.sh"
# shellcheck source=tests/guest/blocks.sh
source "$top/tests/guest/blocks.sh"

guest=g
mib=512
truncate -s 128M "$tap_dir/slow.img"
/sbin/mkfs.ext4 -q -F "$tap_dir/slow.img" || die "mkfs.ext4 failed"
guest_start g --mem "$mib" -- \
	-drive "if=none,id=slow,format=raw,file=$tap_dir/slow.img,throttling.bps-write=4194304" \
	-device virtio-blk-pci,drive=slow
run 'mount -t ext4 /dev/vda /mnt' || die "no disk in the guest"

writeback_pages() {
	vmstat nr_writeback
}

writing() {
	[ "$(writeback_pages)" -ge 512 ]
}

# write_back: a file of 32 MiB is on its way to the disk, for some seconds.
write_back() {
	run 'dd if=/dev/urandom of=/mnt/file bs=1M count=32 2> /dev/null
		md5sum /mnt/file > /tmp/sum
		sync < /dev/null > /dev/null 2>&1 &'
	wait_for 60 writing
}

# being_written ORDER: options for most regions side by side that have many
# pages which are being written. If the whole guest were asked for, memory might
# not do for all that have none, so that nothing had to wait.
being_written() {
	blocks_with writeback | awk -v "nr=$((1 << $1))" '
		{ pages[$1 - $1 % nr] += $2 }
		END {
			for (first in pages) {
				for (end = first + 0; pages[end] >= nr / 4; end += nr)
					;
				if (end - first > most) {
					most = end - first
					range = first "+" most
				}
			}
			print "--range", range, "--count", most / nr
		}'
}

# asked OPTIONS: what a request for these has said is in $out.
asked() {
	out=$(run --timeout 300 "coalesce request $* | grep -v ^region")
	note "asked for $*: $(sed -n '/^\(made\|shortfall\)/p' <<< "$out" |
		tr '\n' ' ')"
}

ok "pages are being written" write_back
there=$(being_written 9)
asked "$there"
cmp_ok "$(value_of shortfall_writeback "$out")" -gt 0 \
	"without waiting, pages under writeback are in the way"
made=$(value_of made "$out")
cmp_ok "$(writeback_pages)" -gt 0 "and are so still when it is done"
asked "$there --sync"
cmp_ok "$(value_of made "$out")" -gt "$made" "with --sync more are made than $made"
is "$(value_of shortfall_writeback "$out")" '' "for they are waited for"

# ----- larger regions ------------------------------------------------------------
ok "pages are being written again" write_back
there=$(being_written 10)
asked "$there --order 10 --sync --timeout-ns 200000000"
cmp_ok "$(value_of shortfall_deadline "$out")" -gt 0 \
	"of 4 MiB: they are waited for until the deadline"
made=$(value_of made "$out")
cmp_ok "$(writeback_pages)" -gt 0 "of 4 MiB: which comes before they are written"
asked "$there --order 10 --sync"
cmp_ok "$(value_of made "$out")" -gt "$made" \
	"of 4 MiB: without one, more are made than $made"
is "$(value_of shortfall_writeback "$out")" '' \
	"of 4 MiB: as they are waited for until they are written"
# ----- the lower half of memory ----------------------------------------------------
# A deadline does not hide what can't be had in any time. The file is to be in the
# lower half, and room to move to in the other one.
half=$((mib * 128))
ok "regions of the upper half are held" \
	hold_regions --count 2000 --range "$half+$half"
ok "pages are being written once more" write_back
ok "the regions are given back" give_back
asked --count 2000 --range "0+$half" --sync --timeout-ns 2000000000
cmp_ok "$(value_of shortfall_deadline "$out")" -gt 0 \
	"of the lower half: there is a deadline"
cmp_ok "$(value_of shortfall_deadline "$out")" -lt $((mib / 4)) \
	"of the lower half: which is in the way of some regions"
slabs=$(value_of shortfall_slab "$out")
cmp_ok "$slabs" -ge 1 "of the lower half: slabs are in the way as without one"
is "$(sed -n 's/^detail_slab .* //p' <<< "$out" |
	awk '{ n += $1 } END { print n + 0 }')" "$slabs" \
	"of the lower half: and their caches have names"
# ----- the allocator's own calls while it waits ------------------------------------
bytes_per_second() {
	guest_qmp g '{"execute":"block_set_io_throttle","arguments":{
		"device":"slow","bps_wr":'"$1"',"bps":0,"bps_rd":0,
		"iops":0,"iops_rd":0,"iops_wr":0}}' > /dev/null
}
waiting_is_over() {
	run 'grep -q ^held /tmp/waiting'
}
run --timeout 300 'echo 0 > /proc/sys/vm/compaction_proactiveness
	fragment /tmp/frag --percent 85 --keep 60 --leave-free 0' > /dev/null
ok "pages are being written for the last time" write_back
bytes_per_second 65536
there=$(being_written 9)
calls=$(vmstat coalesce_demand)
run "echo 4 > /proc/sys/vm/coalesce_min_order
	coalesce request $there --sync < /dev/null > /tmp/waiting 2>&1 &"
note "meanwhile a program has $(run --timeout 300 'ring /tmp/ring 7 200')"
cmp_ok "$(vmstat coalesce_demand)" -gt "$calls" \
	"a request waits, and the allocator's calls work"
is "$(run 'cat /tmp/waiting')" "" "it waits still"
bytes_per_second 0
ok "until pages have been written" wait_for 120 waiting_is_over
is "$(value_of shortfall_writeback "$(run 'cat /tmp/waiting')")" '' \
	"and none is in the way then"
run 'tell /tmp/ring quit' > /dev/null
no_holes "while it waited"
is "$(run --timeout 300 'sync; md5sum -c /tmp/sum')" "/mnt/file: OK" \
	"the file is as it was written"
is "$(guest_oops g)" "" "the kernel has nothing to complain of"

done_testing
