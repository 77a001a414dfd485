# SPDX-License-Identifier: GPL-2.0-or-later
#
# Unit tests of proto/ and guest-agent/. The agent's run its real code on a
# fake device: see agent_fake.h.

proto_unit := $(addprefix $(BUILD)/tests/unit/,proto_frame proto_message \
	proto_golden)
UNIT_TESTS += $(proto_unit)

$(proto_unit): %: %.o $(BUILD)/tests/unit/proto_samples.o $(PROTO_OBJS)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka

agent_unit := $(addprefix $(BUILD)/tests/unit/,agent_session agent_parts)
UNIT_TESTS += $(agent_unit)

$(agent_unit): %: %.o $(BUILD)/tests/unit/agent_fake.o \
		$(BUILD)/tests/unit/proto_samples.o $(AGENT_CORE_OBJS) \
		$(PROTO_OBJS)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcmocka

# The host's end of the port, for the tests of the agent in a guest.
port_host := $(BUILD)/tests/guest/host/port-host
GUEST_PROGRAMS += $(port_host)

$(port_host): $(BUILD)/tests/guest/host/port-host.o $(PROTO_OBJS)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
