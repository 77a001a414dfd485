# SPDX-License-Identifier: GPL-2.0-or-later
back_ratio := $(BUILD)/tests/bench/back_ratio
GUEST_PROGRAMS += $(back_ratio)

$(back_ratio): $(BUILD)/tests/bench/back_ratio.o $(HV_COMMON_OBJS) \
		$(HV_PURE_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -linih
