# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest kernels. build.sh decides by itself whether the image it keeps
# under ~/.cache/contig is the right one, so these targets are always run.
.PHONY: kernel kernel-release kernel-debug kernel-plain
kernel: kernel-release kernel-debug
kernel-release:
	$(Q)kernel/build.sh release
# one after the other: each of them uses every core
kernel-debug: | $(if $(filter kernel check% ,$(goals)),kernel-release)
	$(Q)kernel/build.sh debug
# without the series, for what compares
kernel-plain:
	$(Q)kernel/build.sh plain
