#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install-packages.sh LIST STAMP: installs those packages of LIST that are
# missing, when run as root; says which command does it when not. Writes the
# (empty) file STAMP once every package is there, so that make asks dpkg again
# only after LIST has changed.
set -euo pipefail

list=$1
stamp=$2

wanted() {
	sed 's/#.*//' "$list" | grep -oE '[^[:space:]]+' | sort -u
}

missing() {
	comm -23 <(wanted) <(dpkg-query -W \
		-f '${db:Status-Status} ${Package}\n' 2>/dev/null |
		sed -n 's/^installed //p' | sort -u)
}

if ! command -v dpkg-query >/dev/null; then
	echo "$0: this is not Debian: dpkg-query is missing;" \
		"install the equivalents of $list by hand and 'touch $stamp'" >&2
	exit 1
fi

mapfile -t packages < <(missing)
if [ "${#packages[@]}" -gt 0 ]; then
	case ${#packages[@]} in
	1) some="1 package is" ;;
	*) some="${#packages[@]} packages are" ;;
	esac
	install=(apt-get install -y --no-install-recommends "${packages[@]}")
	if [ "$(id -u)" != 0 ]; then
		# Without lists, or with old ones, installing alone would fail.
		echo "$0: $some missing; as root, run:" \
			"apt-get update && ${install[*]}" >&2
		exit 1
	fi
	echo "$some missing; installing: ${packages[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	# The lists may be absent (a fresh image) or so old that a file named
	# in them is gone; either way one update is worth a second try.
	"${install[@]}" >&2 || { apt-get update >&2 && "${install[@]}" >&2; }
	mapfile -t packages < <(missing)
	if [ "${#packages[@]}" -gt 0 ]; then
		echo "$0: still missing after installation:" \
			"${packages[*]}" >&2
		exit 1
	fi
fi
mkdir -p "$(dirname "$stamp")"
: > "$stamp"
