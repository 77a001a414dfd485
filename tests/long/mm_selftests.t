#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's own tests of its memory management give the same results with the
# series as without it, also while requests are made beside them. KEEP=DIR keeps
# there what they have said.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/lib/guest.sh
source "$top/tests/lib/guest.sh"
# shellcheck source=kernel/mm_selftests.sh
source "$top/kernel/mm_selftests.sh"
# shellcheck source=tests/lib/selftest_results.sh
source "$top/tests/lib/selftest_results.sh"

[ -z "${KEEP:-}" ] || mkdir -p "$KEEP" || die "KEEP=$KEEP: no such folder"

# As the kernel's run_vmtests.sh calls them, and khugepaged for all it knows.
# What ksm_tests measures is left out: it is only as fast as the machine is.
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
	"ksm_functional_tests"
)
# Some of them are not decided on the same kernel: khugepaged looks whether a
# page has become huge after a number of scans, KSM likewise. A result that was
# never seen without the series is looked for again so many times.
rounds_without=3
rounds_with=3

# Those that want huge pages in the pool; the others none.
pool_of() {
	case $1 in
	hugetlb-madvise | migration) echo 40 ;;
	*) echo 0 ;;
	esac
}

mm_guest() { # NAME KERNEL
	# "migration" wants three processors.
	guest_start "$1" --kernel "$2" --memory none --mem 1536 --disk 600 \
		--smp 4,sockets=2 \
		--append numa_balancing=disable -- \
		-object memory-backend-ram,id=ram0,size=768M \
		-object memory-backend-ram,id=ram1,size=768M \
		-numa node,nodeid=0,memdev=ram0,cpus=0-1 \
		-numa node,nodeid=1,memdev=ram1,cpus=2-3 \
		-drive "if=none,id=mm,format=raw,readonly=on,file=$tap_dir/mm.img" \
		-device virtio-blk-pci,drive=mm
	# shellcheck disable=SC2016 # for the guest's shell
	guest_run "$1" 'mount -t ext4 /dev/vdb /mnt && mkdir /mm /mnt/dir &&
		mount -t ext4 -o ro /dev/vda /mm &&
		dd if=/dev/zero of=/mnt/swap bs=1M count=200 2> /dev/null &&
		mkswap /mnt/swap > /dev/null && swapon /mnt/swap' ||
		die "guest $1: no disks"
}

# run_test GUEST N: its results.
run_test() {
	local said words
	read -ra words <<< "${selftests[$2]}"
	said=$(guest_run "$1" --timeout 1500 "
		echo $(pool_of "${words[0]}") > /proc/sys/vm/nr_hugepages
		/mm/${selftests[$2]} 2>&1; echo status=\$?
		echo 0 > /proc/sys/vm/nr_hugepages")
	[ -z "${KEEP:-}" ] || echo "$said" >> "$KEEP/$1.$2"
	results <<< "$said"
}

without_series() {
	local i n
	for i in "${!selftests[@]}"; do
		for ((n = 0; n < rounds_without; n++)); do
			run_test plain "$i"
		done | sort -u > "$tap_dir/plain.$i"
	done
}

same_results() { # WHEN
	local i n seen=$tap_dir/seen
	for i in "${!selftests[@]}"; do
		: > "$seen"
		for ((n = 0; n < rounds_with; n++)); do
			run_test series "$i" >> "$seen"
			[ -n "$(unlike "$tap_dir/plain.$i" "$seen")" ] || break
		done
		is "$(unlike "$tap_dir/plain.$i" "$seen")" "" \
			"${selftests[i]}: the same results $1"
	done
}

# ----- can it be told when they are not the same? --------------------------------
is "$(results <<< \
	$'Run test: one\ncollapse.... OK\nnot ok 2 - merge # why\nstatus=4')" \
	$'Run test: one / collapse: OK\nmerge: not ok\nexit status: 4' \
	"results are read"
printf '%s\n' 'a: ok' 'b: ok' 'b: not ok' > "$tap_dir/one"
printf '%s\n' 'a: ok' 'b: not ok' > "$tap_dir/other"
is "$(unlike "$tap_dir/one" "$tap_dir/other")" "" "one of two known results"
printf '%s\n' 'a: not ok' 'a: ok' 'b: ok' > "$tap_dir/other"
is "$(unlike "$tap_dir/one" "$tap_dir/other")" "" "a known one, when tried again"
printf '%s\n' 'a: not ok' 'b: ok' > "$tap_dir/other"
is "$(unlike "$tap_dir/one" "$tap_dir/other")" $'new:\na: not ok' "a new one"
printf '%s\n' 'a: ok' > "$tap_dir/other"
is "$(unlike "$tap_dir/one" "$tap_dir/other")" "missing: b" "one too few"

# ----- without the series ---------------------------------------------------------
"$top/kernel/build.sh" plain 2>&1 | sed 's/^/# /'
plain=$build/kernel/plain
[ -e "$plain/mm/migration" ] || die "the kernel's own tests were not built"
truncate -s 24M "$tap_dir/mm.img"
/sbin/mkfs.ext4 -q -F -d "$plain/mm" "$tap_dir/mm.img" || die "no disk image"

mm_guest plain "$plain/bzImage"
without_series
for i in "${!selftests[@]}"; do
	cmp_ok "$(wc -l < "$tap_dir/plain.$i")" -ge 1 \
		"${selftests[i]}: has results without the series"
done
cmp_ok "$(cat "$tap_dir"/plain.* | grep -c ': \(ok\|OK\|0\)$')" -gt 100 \
	"nearly all that they look at is right there"
like "$(guest_run plain 'ls /dev/coalesce 2>&1')" 'No such file' \
	"and that kernel is without it"
guest_stop plain

# ----- with it ------------------------------------------------------------------
mm_guest series release
same_results "with the series"

guest_run series 'sed -n "/^coalesce_/p" /proc/vmstat' > "$tap_dir/before"
# One after the other, of many kinds; what each makes is free again at its end.
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
same_results "while requests run"
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
