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

truncate -s 128M "$tap_dir/slow.img"
/sbin/mkfs.ext4 -q -F "$tap_dir/slow.img" || die "mkfs.ext4 failed"
guest_start g --mem 512 -- \
	-drive "if=none,id=slow,format=raw,file=$tap_dir/slow.img,throttling.bps-write=4194304" \
	-device virtio-blk-pci,drive=slow
guest_run g 'mount -t ext4 /dev/vda /mnt' || die "no disk in the guest"

writeback_pages() {
	guest_run g 'cat /proc/vmstat' | sed -n 's/^nr_writeback //p'
}

writing() {
	[ "$(writeback_pages)" -ge 512 ]
}

# write_back: a file of 32 MiB is on its way to the disk, for some seconds.
write_back() {
	guest_run g 'dd if=/dev/urandom of=/mnt/file bs=1M count=32 2> /dev/null
		md5sum /mnt/file > /tmp/sum
		sync < /dev/null > /dev/null 2>&1 &'
	wait_for 60 writing
}

ok "pages are being written" write_back
out=$(guest_run g "coalesce request --count 400")
cmp_ok "$(value_of shortfall_writeback "$out")" -gt 0 \
	"without waiting, pages under writeback are in the way" ||
	diag "$(grep -v ^region <<< "$out")"
made=$(value_of made "$out")
cmp_ok "$(writeback_pages)" -gt 0 "and are so still when it is done"
out=$(guest_run g --timeout 300 "coalesce request --count 400 --sync")
cmp_ok "$(value_of made "$out")" -ge "$made" "with --sync no fewer are made"
is "$(value_of shortfall_writeback "$out")" '' \
	"and they are waited for" || diag "$(grep -v ^region <<< "$out")"

# ----- larger regions ------------------------------------------------------------
ok "pages are being written again" write_back
out=$(guest_run g --timeout 300 \
	"coalesce request --order 10 --count 400 --sync --timeout-ns 500000000")
cmp_ok "$(value_of shortfall_deadline "$out")" -gt 0 \
	"of 4 MiB: they are waited for until the deadline" ||
	diag "$(grep -v ^region <<< "$out")"
made=$(value_of made "$out")
cmp_ok "$(writeback_pages)" -gt 0 "of 4 MiB: which comes before they are written"
out=$(guest_run g --timeout 300 "coalesce request --order 10 --count 400 --sync")
cmp_ok "$(value_of made "$out")" -ge "$made" \
	"of 4 MiB: without one, no fewer are made"
is "$(value_of shortfall_writeback "$out")" '' \
	"of 4 MiB: as they are waited for until they are written" ||
	diag "$(grep -v ^region <<< "$out")"
is "$(guest_run g --timeout 300 'sync; md5sum -c /tmp/sum')" "/mnt/file: OK" \
	"the file is as it was written"
is "$(guest_oops g)" "" "the kernel has nothing to complain of"

done_testing
