# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The configuration of the guest kernels. Sourced, with $top set.

# The fragments of a variant; nothing for a name that is none.
kernel_fragments() { # release|debug|plain
	local of=$1
	case $1 in
	release | debug) ;;
	plain) of=release ;;
	*) return ;;
	esac
	echo "$top/kernel/config/guest.config"
	echo "$top/kernel/config/$of.config"
	[ "$1" = plain ] || echo "$top/configs/kernel/coalesce.config"
}

# kernel_configure SRC OUT VARIANT [partial]: what is in no fragment is off.
# With "partial" a setting may be missing: the series is not all there yet.
kernel_configure() {
	local -a fragments

	mapfile -t fragments < <(kernel_fragments "$3")
	cat "${fragments[@]}" > "$2/contig.config"
	make -s -C "$1" O="$2" KCONFIG_ALLCONFIG="$2/contig.config" \
		allnoconfig > "$2/kconfig.log" 2>&1 || {
		cat "$2/kconfig.log" >&2
		return 1
	}
	[ "${4:-}" = partial ] || kernel_check_config "$2/.config" \
		"${fragments[@]}"
}

# Kconfig drops without a word what does not exist or lacks a dependency.
kernel_check_config() { # CONFIG FRAGMENT...
	local config=$1 fragment line name lost=0
	shift
	for fragment; do
		while IFS= read -r line; do
			case $line in
			CONFIG_*)
				grep -qxF "$line" "$config" && continue
				;;
			'# CONFIG_'*' is not set')
				name=${line#'# '}
				grep -q "^${name%% *}=" "$config" || continue
				;;
			*) continue ;;
			esac
			echo "kernel config: ${fragment#"$top/"}: not" \
				"honoured: $line" >&2
			lost=1
		done < "$fragment"
	done
	return $lost
}
