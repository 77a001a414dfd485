# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of contigd play against.

fake_agent := $(BUILD)/tests/fake/fake_agent
GUEST_PROGRAMS += $(fake_agent)

$(fake_agent): $(BUILD)/tests/fake/fake_agent.o $(PROTO_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
