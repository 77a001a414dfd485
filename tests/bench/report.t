#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What report.jq promises is held: rows that are right pass, and each figure that
# is made a little worse than its limit is told.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"

# Lines of NAME=VALUE; each of cost's rows meets its limits just so.
rows='
def row($scenario; $part; $method): { scenario: $scenario, part: $part,
	method: $method, guest_mib: 1024, seed: 1, order: 9, before: 10,
	asked: 100, obtained: 100, obtainable: 100, obtainable_after: 100,
	moves: 1000, ideal_moves: 1000, reclaimed: 0, pages_scanned: 524288,
	guest_ns: 1000, stall_p50_ns: 10,
	stall_p999_ns: 100, stall_max_ns: 1000, stalls: 1000,
	pages_checked: 1, pages_wrong: 0 };
def limit($f): targets[.scenario][$f];
def right: . as $row |
	.obtained = ((limit("success") // 1) * 100 | ceil) |
	.moves = ((if .part == "few" then most_few else limit_of("work") end // 1) *
		1000 | floor) |
	.stalls = (least_stalls * .moves | ceil) |
	.guest_ns = ((limit_of("time") // 1) * .obtained * 10 | floor) |
	.stall_p999_ns = (limit_of("stall") // 1) * 100 |
	.stall_max_ns = (limit_of("stall") // 1) * 1000;
def demand($method; $met): row("demand"; "all"; $method) |
	.allocations_tried = 100 | .allocations_met = $met | of_allocations;
def parts: if IN("uniform50", "skewed") then "half", "all", "few", "same"
	else "half", "all" end;
[ scenarios[] | select(. != "demand") | . as $scenario |
	(("half", "all", "few") | row($scenario; .; "nr_hugepages")),
	(parts as $part | row($scenario; $part; "cost") | right) ] +
[ demand("cost"; 95), demand("none"; 94) ]
'
problems_of() { # FILTER on the rows
	jq -rn -L "$top/tests/bench" "include \"report\"; $rows | $1 | problems"
}
is "$(problems_of .)" "" "rows that just meet their limits pass"

# worse WHAT FILTER EXPECTED [SCENARIO [PART]]: of cost, where it is held to it.
worse() {
	local part=${5:-half}
	like "$(problems_of "map(if .method == \"cost\" and .scenario == \"$4\" and
		.part == \"$part\" then $2 else . end)")" \
		"^missed: $4 1024 MiB seed 1 cost $part: $3" "$4: $1 is told"
}
for scenario in uniform50 skewed tight filecache unmovable live gigantic endurance
do
	worse "too few regions" '.obtained -= 1' 'success ' "$scenario"
	worse "a page that is wrong" '.pages_wrong = 1' 'pages wrong ' "$scenario"
	worse "no page that was checked" '.pages_checked = 0' 'pages checked ' \
		"$scenario"
	worse "a look too many" '.pages_scanned += 1' 'pages scanned ' \
		"$scenario"
	[ "$scenario" = endurance ] || {
		worse "a move too many" '.moves += 1' 'work over ideal ' \
			"$scenario"
		worse "reclaim that is work too" '.reclaimed += 1' \
			'work over ideal ' "$scenario"
	}
done
for scenario in uniform50 skewed; do
	for part in half same; do
		worse "too much time ($part)" '.guest_ns += 1' 'guest time ' \
			"$scenario" "$part"
	done
	worse "as much work as nr_hugepages" '.moves += 1 | .stalls += 1' \
		"work over nr_hugepages' " "$scenario" few
	# One that takes longer is made up for by another that does not.
	few="if .part != \"few\" or .method != \"cost\" then . else"
	like "$(problems_of "map($few .guest_ns += 1 end)" |
		grep " $scenario ")" \
		"^missed: $scenario cost few: guest time .* of all together" \
		"$scenario: too much time for a few regions is told"
	is "$(problems_of "map(., (select(.part == \"few\") | .seed = 2)) |
		map($few .guest_ns += 3 - 2 * .seed end)")" "" \
		"$scenario: it is that of all of them together"
	worse "time for fewer regions" \
		'.obtained -= 1 | .asked = .obtained' 'guest time ' "$scenario"
done
for scenario in skewed live; do
	worse "a longer stall" '.stall_max_ns += 1' 'stall max ' "$scenario"
	worse "a stall that was not seen" '.stalls -= 1' 'stalls over moves ' \
		"$scenario"
	worse "longer stalls" '.stall_p999_ns += 1' 'stall p999 ' "$scenario"
done
worse "a block that is spoilt" '.obtainable_after = 94 | .obtained = 94' \
	'obtainable over that before ' endurance
worse "a look too many" '.pages_scanned += 1' 'pages scanned a call ' demand all
like "$(problems_of 'map(if .scenario == "demand" and .method == "cost" then
	.allocations_met -= 1 | of_allocations else . end)')" \
	'^missed: demand .* allocations met' \
	"demand: too few allocations are told"
# demand_with COST NONE: what is missed with so many; NONE may be null.
demand_with() {
	problems_of "map(if .scenario != \"demand\" then .
		elif .method == \"cost\" then .allocations_met = $1 |
			of_allocations
		elif $2 == null then empty
		else .allocations_met = $2 | of_allocations end)"
}
is "$(demand_with 80 40)" "" "demand: twice as many as without do as well"
is "$(demand_with 80 0)" "" "demand: also where without it none is met"
like "$(demand_with 0 0)" '^missed: demand .* allocations met 0' \
	"demand: none at all is too few even then"
like "$(demand_with 80 null)" '^missed: demand .* allocations met 0.8' \
	"demand: too few are told where nothing is known of those without"
like "$(problems_of 'map(if .scenario == "gigantic" and .method == "cost" then
	.obtained = 0 | .obtainable = 0 else . end)' | head -n 1)" \
	'^missed: gigantic .* success none' "nothing that can be had is no success"
like "$(problems_of 'map(.scenario = "other")' | head -n 1)" \
	'^missed: other .* nothing is promised' "an unknown scenario is told"
like "$(problems_of '.[0] += { error: "it ended" }' | head -n 1)" \
	'^failed: .* it ended$' "a run that failed is told"
is "$(jq -rn -L "$top/tests/bench" 'include "report";
	{ a: 1, b: 2 } | differences({ a: 1, b: 3 })[]')" "b 2, then 3" \
	"a difference between two runs is told"
is "$(jq -rn -L "$top/tests/bench" 'include "report";
	{ a_ns: 900, b_ns: 900, c: 900 } |
	differences({ a_ns: 1000, b_ns: 1001, c: 901 })[]')" \
	$'b_ns 900, then 1001\nc 900, then 901' "but not that a clock was rounded"

# ----- is everything there? -----------------------------------------------------
absent() { # FILTER on all that is required
	jq -rn -L "$top/tests/bench" "include \"report\";
		[required] | $1 | absent"
}
is "$(absent .)" "" "no row is missed where all are there"
is "$(absent 'map(select(.scenario != "live" or .seed != 3 or
	.method != "freelist" or .part != "all"))')" \
	"missed: live 1024 MiB seed 3 freelist all: no row" "one that is not is told"
cmp_ok "$(jq -n -L "$top/tests/bench" 'include "report"; [required] | length')" -gt \
	200 "hundreds are required"

# ----- the planner -------------------------------------------------------------
# planner_problems_of FILTER [STATUS]: of sound rows that are changed so.
planner_problems_of() {
	jq -rn -L "$top/tests/bench" --argjson status "${2:-0}" \
		'include "report";
		[planner_shapes[] as $shape | planner_sizes[] |
			{ shape: $shape, guest_gib: ., ns_per_block: 40,
			cheapest: true, ranked_right: true }] |
		'"$1"' | planner_problems($status)'
}

is "$(planner_problems_of .)" "" "planner: what is promised is not missed"
like "$(planner_problems_of '.[6].cheapest = false' 1)" \
	'^missed: planner uniform 4096 GiB: not the cheapest set$' \
	"planner: a dear set"
like "$(planner_problems_of '.[3].ranked_right = false' 1)" \
	'^missed: planner uniform 64 GiB: not the right places' \
	"planner: wrong places"
like "$(planner_problems_of '.[3].ns_per_block = 101')" \
	'uniform 64 GiB: 101 ns a block, not at most 100' "planner: too slow"
like "$(planner_problems_of '.[6].ns_per_block = 90 | .[3].ns_per_block = 29')" \
	'uniform 4096 GiB: a block takes 3.1 times .* of 64 GiB' \
	"planner: not linear"
like "$(planner_problems_of '.[1].ns_per_block = 90 | .[0].ns_per_block = 29')" \
	'uniform 4 GiB: a block takes 3.1 times .* of 1 GiB' \
	"planner: not linear in small guests"
is "$(planner_problems_of 'del(.[27])')" \
	"missed: planner full 4096 GiB: no row" "planner: ended half way"
is "$(planner_problems_of . 139)" "failed: planner ended with 139" \
	"planner: crashed at its end"
is "$(planner_problems_of '[]' | wc -l)" 28 "planner: said nothing"

done_testing
