# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Test programs answer in key=value words; value_of KEY TEXT picks one.
value_of() {
	tr ' ' '\n' <<< "$2" | sed -n "s/^$1=//p" | head -n 1
}
