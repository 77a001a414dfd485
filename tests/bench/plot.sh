#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plot.sh DIR: pictures of what is in DIR: success.svg, work.svg, time.svg and
# stall.svg by scenario and method, size.svg for guests of several sizes,
# planner.svg.
# A picture for which there are no figures is not made.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?usage: plot.sh DIR}

# plot NAME FILE FILTER: nothing where the filter has nothing to show.
plot() {
	[ -s "$out/$2" ] || return 0
	jq -r -L "$top/tests/bench" "
		include \"report\"; include \"plot\"; $common $3" \
		"$out/$2" > "$out/$1.svg"
	[ -s "$out/$1.svg" ] || rm "$out/$1.svg"
}

# Of each scenario the smallest guest there is.
common='
def asked($part): [.[] | select(.error == null and .part == $part)] |
	[group_by(.scenario)[] | (map(.guest_mib) | min) as $least | .[] |
		select(.guest_mib == $least)];
def present($list; f): [.[] | f] as $have |
	[$list[] | select(. as $x | $have | index($x))];
def by(value): [group_by([.scenario, .method])[] | { group: .[0].scenario,
	name: .[0].method, values: [.[] | value | select(. != null)] }];
def limit(f): targets | map_values(f);
'

plot success results.json '
	asked("all") | select(. != []) |
	bars("Success: regions made over those that can be made (demand: " +
		"allocations met)";
		"mean of the seeds, whisker from the least to the most; " +
		"the black line is what cost is held to";
		present(scenarios; .scenario); present(methods; .method); 1;
		limit(.success // .met); by(success))'

plot work results.json '
	asked("all") | map(select(.scenario != "demand" and
		.scenario != "endurance")) |
	select(. != []) |
	bars("Work: pages moved and reclaimed over the fewest that it takes";
		"mean of the seeds; over 5 is cut; the black line is what " +
		"cost is held to";
		present(scenarios; .scenario); present(methods; .method); 5;
		limit(.work); by(work_ratio))'

plot time results.json '
	. as $rows | asked("half") | map(select(.method != "nr_hugepages")) |
	select(any(.[]; time_ratio($rows) != null)) |
	bars("Guest time over that of nr_hugepages from the same state";
		"asked for half of what can be made; mean of the seeds; over " +
		"2 is cut; the black line is what cost is held to";
		present(scenarios; .scenario); present(methods; .method); 2;
		limit(.time); by(time_ratio($rows)))'

plot stall results.json '
	. as $rows | asked("all") | map(select(.method != "nr_hugepages")) |
	select(any(.[]; stall_ratio($rows; "stall_max_ns") != null)) |
	bars("Longest time that a page was away, over that with nr_hugepages";
		"asked for all that can be made; mean of the seeds; over 2 is " +
		"cut; the black line is what cost is held to";
		present(scenarios; .scenario); present(methods; .method); 2;
		limit(.stall); by(stall_ratio($rows; "stall_max_ns")))'

plot size results.json '
	[.[] | select(.error == null and .part == "all" and .guest_ns > 0 and
		(.scenario == "uniform50" or .scenario == "skewed") and
		(.method | IN("cost", "freelist", "nr_hugepages")))] |
	(group_by(.seed) | max_by(map(.guest_mib) | unique | length) // []) |
	select(map(.guest_mib) | unique | length > 1) |
	lines("Guest time in ms for all that can be made, by size of the guest";
		"solid: uniform50; dashed: skewed";
		present(methods; .method);
		(map(.guest_mib) | min / 1024); (map(.guest_mib) | max / 1024);
		"GiB";
		(map(.guest_ns / 1e6) | min | log10 | floor | pow(10; .));
		(map(.guest_ns / 1e6) | max | log10 | ceil | pow(10; .));
		[group_by([.scenario, .method])[] | sort_by(.guest_mib) |
			{ name: .[0].method,
			  style: (if .[0].scenario == "skewed" then
				"stroke-dasharray:6 4" else "" end),
			  points: map([.guest_mib / 1024, .guest_ns / 1e6]) }])
	'

plot planner planner.json '
	select(length > 0) |
	lines("Choosing blocks: ns a block, by size of the guest";
		"natively; half of the blocks that can be emptied are asked for";
		(map(.shape) | unique);
		(map(.guest_gib) | min); (map(.guest_gib) | max); "GiB"; null;
		(map(.ns_per_block) | max * 1.2 | ceil);
		[group_by(.shape)[] | sort_by(.guest_gib) |
			{ name: .[0].shape, style: "",
			  points: map([.guest_gib, .ns_per_block]) }]) | .'
