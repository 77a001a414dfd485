# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later

# kernel_reports FILE: lines of a console that no healthy kernel prints.
kernel_reports() {
	grep -aE 'BUG:|WARNING:|KASAN|KFENCE|UBSAN|Oops|general protection|possible (circular|recursive) locking|inconsistent lock state|suspicious RCU|bad page|Bad page|list_(add|del) corruption|Kernel panic|hung_task|blocked for more than|Out of memory|invoked oom-killer|soft lockup|rcu.*stall' \
		"$1"
}
