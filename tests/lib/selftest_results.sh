# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The results of the kernel's own tests, and whether two kernels give the same.

# results: a line "CHECK: RESULT" for each thing that a test looked at, which says so
# on standard input, and for "status=N".
results() {
	sed -E 's/\x1b\[[0-9;]*m//g' | awk '
	/^Run test: / { part = $0 " / " }
	/^(ok|not ok) [0-9]+ / {
		result = $1 == "ok" ? "ok" : "not ok"
		if (/# SKIP/)
			result = "skipped"
		sub(/^(not )?ok [0-9]+ (- )?/, "")
		sub(/ *# .*/, "")
		check($0, result)
	}
	/\.\.\..* (OK|Fail|Timeout|Skip)$/ {
		result = $NF
		sub(/\.\.\..*/, "")
		check(part $0, result)
	}
	/^Bail out/ { check("bail out", "yes") }
	/^status=[0-9]+$/ { check("exit status", substr($0, 8)) }
	function check(what, result) {
		nr[what]++
		print what (nr[what] > 1 ? " (" nr[what] ")" : "") ": " result
	}'
}

# Results that the other kernel has never given, of checks that have not come
# to one of its results meanwhile; and checks that are missing.
unlike() { # SEEN-WITHOUT SEEN-WITH
	awk '{ check = $0; sub(/: [^:]*$/, "", check) }
	FNR == NR { known[$0]; wanted[check]; next }
	{ seen[check] = seen[check] "\n" $0 }
	$0 in known { fine[check] }
	END {
		for (check in seen)
			if (!(check in fine))
				print "new:" seen[check]
		for (check in wanted)
			if (!(check in seen))
				print "missing: " check
	}' "$1" "$2"
}
