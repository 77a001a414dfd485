# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TAP for shell tests. A test sources this file, says ok, is or like for each
# thing it checks, and done_testing at its end; each of them ends with 1 when it
# was not so. Whatever a test started ends with it: at_exit takes a command, and
# those run in reverse order at the end, however the test ends.
#
# A test that dies half way has no plan, which prove counts as a failure.

set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/${BUILD:-build}
PATH=$build/tests/lib:$PATH

tap_count=0
tap_failed=0
tap_exit_commands=()

# Sockets live here too, and their paths have 107 bytes at most; so no $TMPDIR.
tap_dir=$(mktemp -d /tmp/contig.XXXXXX)

tap_cleanup() {
	local status=$? i
	trap - EXIT INT TERM HUP
	for ((i = ${#tap_exit_commands[@]} - 1; i >= 0; i--)); do
		eval "${tap_exit_commands[i]}" || true
	done
	if [ -n "${CONTIG_KEEP:-}" ]; then
		diag "kept $tap_dir"
	else
		rm -rf "$tap_dir"
	fi
	exit "$status"
}
trap tap_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs COMMAND when the test ends.
at_exit() {
	tap_exit_commands+=("$1")
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

# Says what was seen on standard output, where prove -v shows it.
note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# The test can't go on: prove stops everything.
bail() {
	echo "Bail out! $*"
	exit 255
}

# This test can't go on, others can.
die() {
	diag "$*"
	exit 1
}

pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
}

skip() { # DESCRIPTION REASON
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# ok DESCRIPTION COMMAND...: COMMAND ends with 0.
ok() {
	local what=$1
	shift
	if "$@"; then
		pass "$what"
	else
		fail "$what"
		diag "failed: $*"
		return 1
	fi
}

# is GOT WANTED DESCRIPTION
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:    $1"
		diag "wanted: $2"
		return 1
	fi
}

# like GOT REGEX DESCRIPTION
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got:          $1"
		diag "should match: $2"
		return 1
	fi
}

# cmp_ok GOT OPERATOR WANTED DESCRIPTION: integers; -le, -ge, -eq ...
cmp_ok() {
	if [[ $1 =~ ^-?[0-9]+$ ]] && test "$1" "$2" "$3"; then
		pass "$4"
	else
		fail "$4"
		diag "not so: '$1' $2 '$3'"
		return 1
	fi
}

# wait_for SECONDS COMMAND...: until COMMAND ends with 0; 1 when it never did.
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		# Between two looks at a condition, never instead of one.
		read -r -t 0.05 <> <(:) || true
	done
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit $?
}
