#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's own tests of its memory management give the same results with the
# series as without it, also while requests are made beside them.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=kernel/mm_selftests.sh
source "$top/kernel/mm_selftests.sh"

# As the kernel's run_vmtests.sh calls them, and khugepaged for all it knows.
selftests=(
	"compaction_test"
	"migration"
	"khugepaged all:all /mnt"
	"khugepaged -s 2"
	"transhuge-stress -d 20"
	"hugetlb-madvise"
	"split_huge_page_test"
	"ksm_tests -M -p 10"
	"ksm_tests -U"
	"ksm_tests -Z -p 10 -z 0"
	"ksm_tests -Z -p 10 -z 1"
	"ksm_tests -N -m 1"
	"ksm_tests -N -m 0"
	"ksm_tests -H -s 100"
	"ksm_tests -P -s 100"
	"ksm_functional_tests"
)
# Those that want huge pages in the pool; the others none.
pool_of() {
	case $1 in
	hugetlb-madvise | migration) echo 40 ;;
	*) echo 0 ;;
	esac
}

mm_guest() { # NAME KERNEL
	guest_start "$1" --kernel "$2" --memory none --mem 1536 --disk 600 \
		--append numa_balancing=disable -- \
		-object memory-backend-ram,id=ram0,size=768M \
		-object memory-backend-ram,id=ram1,size=768M \
		-numa node,nodeid=0,memdev=ram0,cpus=0 \
		-numa node,nodeid=1,memdev=ram1,cpus=1 \
		-drive "if=none,id=mm,format=raw,readonly=on,file=$tap_dir/mm.img" \
		-device virtio-blk-pci,drive=mm
	# shellcheck disable=SC2016 # for the guest's shell
	guest_run "$1" 'mount -t ext4 /dev/vda /mnt && mkdir /mm /mnt/dir &&
		mount -t ext4 -o ro /dev/vdb /mm &&
		dd if=/dev/zero of=/mnt/swap bs=1M count=200 2> /dev/null &&
		mkswap /mnt/swap > /dev/null && swapon /mnt/swap' ||
		die "guest $1: no disks"
}

# What a test says, without what differs from run to run: how often it waited,
# and figures of speed.
results() {
	sed -E 's/\x1b\[[0-9;]*m//g; s/\.{3,}/... /' |
		grep -E '^(ok|not ok|Bail out|status=)|\.\.\. |^Run test|^OK|^Not OK' |
		sed -E 's/ +/ /g; s/[0-9.]+ (MiB|s|ms|ns)(\/s)?\b/N \1/g'
}

run_tests() { # GUEST
	local i words
	for i in "${!selftests[@]}"; do
		read -ra words <<< "${selftests[i]}"
		guest_run "$1" --timeout 1500 "
			echo $(pool_of "${words[0]}") > /proc/sys/vm/nr_hugepages
			/mm/${selftests[i]} 2>&1; echo status=\$?
			echo 0 > /proc/sys/vm/nr_hugepages" \
			> "$tap_dir/$1.$i.said"
		results < "$tap_dir/$1.$i.said" > "$tap_dir/$1.$i"
		[ -z "${KEEP:-}" ] || cp "$tap_dir/$1.$i".said "$KEEP/"
	done
}

same_results() { # GUEST WHEN
	local i
	for i in "${!selftests[@]}"; do
		is "$(cat "$tap_dir/$1.$i")" "$(cat "$tap_dir/plain.$i")" \
			"${selftests[i]}: the same results $2"
	done
}

"$top/kernel/build.sh" plain 2>&1 | sed 's/^/# /'
plain=$build/kernel/plain
[ -e "$plain/mm/migration" ] || die "the kernel's own tests were not built"
truncate -s 24M "$tap_dir/mm.img"
/sbin/mkfs.ext4 -q -F -d "$plain/mm" "$tap_dir/mm.img" || die "no disk image"

mm_guest plain "$plain/bzImage"
run_tests plain
for i in "${!selftests[@]}"; do
	like "$(cat "$tap_dir/plain.$i")" '^status=[04]$|\nstatus=[04]$' \
		"${selftests[i]}: passes without the series"
done
like "$(guest_run plain 'ls /dev/coalesce 2>&1')" 'No such file' \
	"and that kernel is without it"
guest_stop plain

mm_guest series release
run_tests series
same_results series "with the series"

guest_run series 'sed -n "/^coalesce_/p" /proc/vmstat' > "$tap_dir/before"
# One after the other, of many kinds; each holds what it made for a moment.
# shellcheck disable=SC2016 # for the guest's shell
guest_run series 'n=0
	while [ ! -e /tmp/enough ]; do
		n=$((n + 1)); how="--count $((n % 30 + 1))"
		[ $((n % 3)) != 0 ] || how="$how --sync --timeout-ns 300000000"
		[ $((n % 5)) != 0 ] || how="$how --strategy freelist"
		[ $((n % 7)) != 0 ] || how="--order 11 --count 3"
		coalesce request $how --node $((n % 2)) > /tmp/beside.last 2>&1
		usleep 20000
	done > /dev/null 2>&1 < /dev/null &'
for i in "${!selftests[@]}"; do rm "$tap_dir/series.$i"; done
run_tests series
same_results series "while requests run"
guest_run series 'touch /tmp/enough; sed -n "/^coalesce_/p" /proc/vmstat' \
	> "$tap_dir/after"
gained() {
	echo $(($(sed -n "s/^$1 //p" "$tap_dir/after") -
		$(sed -n "s/^$1 //p" "$tap_dir/before")))
}
note "$(gained coalesce_made) regions made, $(gained coalesce_moved) pages moved"
cmp_ok "$(gained coalesce_made)" -gt 100 "regions were made beside them"
cmp_ok "$(gained coalesce_moved)" -gt 1000 "and pages moved"
is "$(guest_oops series)" "" "the kernel has nothing to complain of"

done_testing
