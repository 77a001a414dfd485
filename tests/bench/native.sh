#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# native.sh DIR: what is measured on this machine itself, while it does nothing
# else: backing by contig over a bare loop of MADV_COLLAPSE over the same ranges
# (back_ratio.c), and the kernel's choosing of blocks on maps of up to 4 TiB
# (planner.c). Leaves DIR/back_ratio.json and DIR/planner.json, one object for
# each, and DIR/native.missed with a line for each that misses what is promised;
# ends with 1 when there is one.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"

out=${1:?usage: native.sh DIR}
mkdir -p "$out"

"$build/tests/bench/back_ratio" | jq -s . > "$out/back_ratio.json" ||
	die "back_ratio failed"
jq -r '.[] | "backing \(.memory): \(.ratio) of a bare loop"' \
	"$out/back_ratio.json"
"$build/tests/bench/planner" | jq -s . > "$out/planner.json"
# It ends with 1 for what is in its rows too.
planner_status=${PIPESTATUS[0]}
jq -r 'group_by(.shape)[] | "planner \(.[0].shape): ns a block " +
	([.[] | "\(.guest_gib) GiB \(.ns_per_block)"] | join(", "))' \
	"$out/planner.json"

missed=$(jq -r '.[] | select(.ratio < 0.9) |
	"missed: backing \(.memory): \(.ratio) of a bare loop, not at least 0.9"' \
	"$out/back_ratio.json"
	jq -r -L "$top/tests/bench" --argjson status "$planner_status" \
		'include "report"; planner_problems($status)' \
		"$out/planner.json" || echo "failed: planner.json")
[ -z "$missed" ] || echo "$missed" > "$out/native.missed"
[ -z "$missed" ]
