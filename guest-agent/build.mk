# SPDX-License-Identifier: GPL-2.0-or-later
#
# contig-agent is static, so that it runs in any guest.

AGENT := $(BUILD)/guest-agent/contig-agent
# All but what knows the kernel and main(): what tests link with fakes.
AGENT_CORE_OBJS := $(addprefix $(BUILD)/guest-agent/,boot.o job.o kept.o \
	log.o options.o outq.o port.o pump.o session.o worker.o)
AGENT_OBJS := $(AGENT_CORE_OBJS) $(addprefix $(BUILD)/guest-agent/,device.o \
	main.o) $(PROTO_OBJS)

PROGRAMS += $(AGENT)

$(AGENT): $(AGENT_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -pthread -o $@ $^
