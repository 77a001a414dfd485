# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzz targets of hv/: everything that reads what others wrote. They are built
# by the rules of build.mk, which make reads before this file.

fuzz_hv_sources := command.c config.c evidence.c \
	evidence_scan.c evidence_smaps.c failure.c qmp_line.c \
	rammap.c region_check.c smaps.c units.c
fuzz_hv := $(addprefix $(BUILD)/fuzz/hv/,$(fuzz_hv_sources:.c=.o))
fuzz_hv_targets := $(addprefix $(BUILD)/tests/fuzz/,hv_mtree hv_qmp_line \
	hv_command hv_config hv_smaps hv_region_check)
FUZZ_TARGETS += $(fuzz_hv_targets)

$(fuzz_hv_targets): $(BUILD)/tests/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o \
		$(fuzz_hv)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(fuzz_link) -ljansson -linih
