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

declare -A pid=()

start_target() { # PROGRAM
	local name learnt folders
	name=$(basename "$1")
	learnt=$build/fuzz/corpus/$name
	folders=("$learnt")
	mkdir -p "$learnt" "$findings"
	[ ! -d "$top/tests/fuzz/corpus/$name" ] ||
		folders+=("$top/tests/fuzz/corpus/$name")
	setpriv --pdeathsig KILL "$top/$1" -max_total_time="$seconds" \
		-max_len=70000 -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$findings/$name-" \
		"${folders[@]}" > "$tap_dir/$name.log" 2>&1 &
	pid[$name]=$!
	at_exit "kill ${pid[$name]} 2>/dev/null"
}

target_ends_well() { # NAME
	local log=$tap_dir/$1.log

	if wait "${pid[$1]}"; then
		note "$(grep -a 'number_of_executed_units' "$log")"
		return 0
	fi
	diag "$(grep -aE 'ERROR|SUMMARY|runtime error|Test unit written' "$log")"
	return 1
}

[ -n "${FUZZ_TARGETS:-}" ] || bail "FUZZ_TARGETS is empty: use 'make fuzz'"
read -ra programs <<< "$FUZZ_TARGETS"
# As many at once as there are processors; each takes the same time.
at_once=$(nproc)
for ((first = 0; first < ${#programs[@]}; first += at_once)); do
	group=("${programs[@]:first:at_once}")
	for program in "${group[@]}"; do
		start_target "$program"
	done
	for program in "${group[@]}"; do
		name=$(basename "$program")
		ok "$name: nothing found in $seconds s" target_ends_well "$name"
	done
done
done_testing
