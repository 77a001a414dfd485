# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest_accel: QEMU's arguments for the fastest way to run a guest here.
#
# A /dev/kvm that can be opened is not enough. There are hosts whose KVM needs
# a guest kernel made for it (kvm_pvm), where any other hangs as soon as the
# firmware is done, and hosts on which QEMU aborts when it sets up a processor
# because they forbid a register that they have announced.
kvm_works() {
	[ -d /sys/module/kvm_intel ] || [ -d /sys/module/kvm_amd ] || return 1
	# <> would make a missing file, hence the first look.
	[ -c /dev/kvm ] && { true <> /dev/kvm; } 2>/dev/null || return 1
	(ulimit -c 0
		qemu-system-x86_64 "$@" -S -m 16 -nodefaults -display none \
			-monitor stdio <<< quit) > /dev/null 2>&1
}

guest_accel() {
	local kvm=(-accel kvm -cpu host)

	if kvm_works "${kvm[@]}"; then
		echo "${kvm[*]}"
	else
		echo "-accel tcg,thread=multi -cpu max"
	fi
}
