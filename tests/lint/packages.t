#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What configs/install-packages.sh says to who is not root. dpkg and id are
# played: here everything is installed, and we may be root.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../lib/tap.sh"

mkdir "$tap_dir/bin"
cat > "$tap_dir/bin/dpkg-query" << 'SH'
#!/bin/sh
printf 'installed here\n'
SH
cat > "$tap_dir/bin/id" << 'SH'
#!/bin/sh
echo 1000
SH
chmod +x "$tap_dir/bin/dpkg-query" "$tap_dir/bin/id"

said=
install_packages() { # PACKAGE...
	printf '%s # why\n' "$@" > "$tap_dir/list"
	rm -f "$tap_dir/stamp"
	said=$(PATH=$tap_dir/bin:$PATH "$top/configs/install-packages.sh" \
		"$tap_dir/list" "$tap_dir/stamp" 2>&1)
}

# Regression: the command had no "apt-get update", without which a fresh
# image has no lists to install from.
install_packages here one-more
is "$?" 1 "a package is missing: status 1"
is "${said#*: }" "1 package is missing; as root, run: apt-get update && \
apt-get install -y --no-install-recommends one-more" \
	"one line says what to run"
ok "no stamp is left" eval '! [ -e "$tap_dir/stamp" ]'
install_packages here one-more two-more
like "$said" ': 2 packages are missing; .* one-more two-more$' \
	"two packages are two"
install_packages here
is "$?:$said" "0:" "nothing is missing: not a word"
ok "a stamp is left" test -f "$tap_dir/stamp"

done_testing
