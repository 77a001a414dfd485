# SPDX-License-Identifier: GPL-2.0-or-later
#
# From /proc/zoneinfo: zones whose users have less free memory than its low
# watermark, counting what lower zones of the node have for them, but not what is
# free for CMA; and a node that has less than its high watermarks together. What
# CPUs keep on their lists is free. slack: pages for what runs meanwhile.

function lent(lower, zone,	pages) {
	pages = free[lower] - cma[lower] - low[lower] - protection[lower, zone]
	return pages > 0 ? pages : 0
}

function look_at_node(	zone, lower, reach, all) {
	for (zone = 1; zone <= zones; zone++) {
		all += free[zone]
		reach = free[zone] - cma[zone]
		for (lower = 1; lower < zone; lower++)
			reach += lent(lower, zone)
		if (managed[zone] && reach + slack < low[zone])
			print name[zone], free[zone], "with", cma[zone],
				"of CMA,", reach, "of", low[zone]
	}
	if (all + slack < high)
		print "all", all, "of", high
	zones = high = 0
}

/, zone/ {
	if ($2 != node && zones)
		look_at_node()
	node = $2
	name[++zones] = $NF
	free[zones] = cma[zones] = managed[zones] = 0
}
$1 == "pages" && $2 == "free" { free[zones] = $3 }
$1 == "boost" { boost = $2 }
$1 == "low" { low[zones] = $2 - boost }
$1 == "high" { high += $2 - boost }
$1 == "managed" { managed[zones] = $2 }
$1 == "nr_free_cma" { cma[zones] = $2 }
$1 == "count:" { free[zones] += $2 }
$1 == "protection:" {
	gsub(/[(),]/, "")
	for (i = 2; i <= NF; i++)
		protection[zones, i - 1] = $i
}
END { look_at_node() }
