# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests of hv/: its pure parts, and its looks at this machine's kernel.

hv_unit := $(addprefix $(BUILD)/tests/unit/,hv_units hv_config hv_rammap \
	hv_region_check hv_smaps hv_command hv_evidence hv_back \
	hv_unix_socket hv_hugetlb)
UNIT_TESTS += $(hv_unit)

$(hv_unit): %: %.o $(HV_COMMON_OBJS) $(HV_PURE_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK_FLAGS) -o $@ $^ -lcmocka -ljansson -linih

$(addprefix $(BUILD)/tests/unit/,hv_evidence hv_back): \
	$(BUILD)/tests/unit/hv_area.o
$(BUILD)/tests/unit/hv_back: LINK_FLAGS := -Wl,--wrap=process_madvise
