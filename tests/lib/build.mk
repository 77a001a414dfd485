# SPDX-License-Identifier: GPL-2.0-or-later
lib_programs := $(BUILD)/tests/lib/guest-client $(BUILD)/tests/lib/guest-qmp
GUEST_PROGRAMS += $(lib_programs)

$(lib_programs): %: %.o $(BUILD)/tests/lib/peer.o
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
