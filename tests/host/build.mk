# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of contigd play against.

fake_agent := $(BUILD)/tests/fake/fake_agent
split_huge := $(BUILD)/tests/host/split_huge
GUEST_PROGRAMS += $(fake_agent) $(split_huge)

$(fake_agent): $(BUILD)/tests/fake/fake_agent.o $(PROTO_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(split_huge): $(BUILD)/tests/host/split_huge.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
