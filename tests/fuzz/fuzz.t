#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs every fuzz target for FUZZ_SECONDS, starting from its seeds. What it
# learns goes to build/fuzz/corpus, so that the next run starts from there;
# an input that breaks something stays in build/fuzz/findings.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"

seconds=${FUZZ_SECONDS:-30}
findings=$build/fuzz/findings

run_target() {
	local name=$1 program=$2
	local log=$tap_dir/$name.log learnt=$build/fuzz/corpus/$name
	local seeds=$top/tests/fuzz/corpus/$name folders=("$learnt")

	mkdir -p "$learnt" "$findings"
	[ ! -d "$seeds" ] || folders+=("$seeds")
	if "$program" -max_total_time="$seconds" -max_len=70000 -timeout=20 \
		-rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$findings/$name-" "${folders[@]}" \
		> "$log" 2>&1; then
		note "$(grep -a 'number_of_executed_units' "$log")"
		return 0
	fi
	diag "$(grep -aE 'ERROR|SUMMARY|runtime error|Test unit written' "$log")"
	return 1
}

[ -n "${FUZZ_TARGETS:-}" ] || bail "FUZZ_TARGETS is empty: use 'make fuzz'"
for program in $FUZZ_TARGETS; do
	name=$(basename "$program")
	ok "$name: nothing found in $seconds s" \
		run_target "$name" "$top/$program"
done
done_testing
