#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's own tests: KUnit and the selftest program of the series, on the
# debug kernel and, for the selftest, on the release kernel too.
source "$(dirname "$0")/../lib/tap.sh"
source "$top/tests/lib/guest.sh"

for kernel in release debug; do
	guest_start "$kernel" --kernel "$kernel" --mem 512 \
		--append "kunit.enable=1" --add "$build/kernel/$kernel/coalesce_test"
	out=$(guest_run "$kernel" coalesce_test)
	is $? 0 "$kernel: coalesce_test ends with 0"
	note "$(grep -E '^(ok|not ok|# Totals)' <<< "$out")"
	like "$out" 'PASSED: ([0-9]+) / \1 tests passed' \
		"$kernel: each selftest has passed"
	ok "$kernel: no selftest was skipped" test -z "$(grep -i skip \
		<<< "$out" | grep -v 'skip:0')"
	is "$(guest_oops "$kernel")" "" "$kernel: nothing in the log"
done

results=$(grep -aoE '(not )?ok [0-9]+ (choose|explain|sum_up|rank|seen|share)_[a-z_]+.*' \
	"$tap_dir/debug/console.log" | tr -d '\r')
note "$results"
is "$(grep -c '^ok' <<< "$results")" \
	"$(cat "$top"/kernel/patches/*/*.patch | grep -c '^[+].*KUNIT_CASE(')" \
	"every KUnit test has run"
is "$(grep '^not ok' <<< "$results")" "" "no KUnit test has failed"
like "$(cat "$tap_dir/debug/console.log")" 'ok [0-9]+ coalesce_choose' \
	"the KUnit suite has passed"

done_testing
