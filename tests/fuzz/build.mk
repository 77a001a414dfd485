# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzz targets: libFuzzer with the address and undefined behaviour sanitizers.
# Objects of the tree's own sources are built again with them, under
# $(BUILD)/fuzz; a target is tests/fuzz/NAME.c and a list of such objects.

FUZZ_CFLAGS := -std=gnu11 -O1 -g -fno-omit-frame-pointer $(WARNINGS) \
	-fsanitize=address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/%.o: %.c
	$(say) FUZZCC $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) -D_GNU_SOURCE -I$(top) $(FUZZ_CFLAGS) \
		-fsanitize=fuzzer-no-link $(FUZZ_CPPFLAGS) -MMD -MP -c -o $@ $<

fuzz_link = $(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ \
	$(filter %.o,$^)

fuzz_objects = $(addprefix $(BUILD)/fuzz/,$(1:.c=.o))
fuzz_proto := $(call fuzz_objects,proto/crc32c.c proto/frame.c \
	proto/message.c proto/names.c)
# The worker thread is replaced by one that runs when the fuzzer says so.
fuzz_agent := $(call fuzz_objects,$(addprefix guest-agent/,job.c kept.c \
	outq.c session.c) tests/unit/agent_fake.c tests/fuzz/fuzz_worker.c)

fuzz_mine := $(addprefix $(BUILD)/tests/fuzz/,proto_frame proto_message \
	agent_session)
FUZZ_TARGETS += $(fuzz_mine)

$(BUILD)/tests/fuzz/agent_session: $(fuzz_agent)

$(fuzz_mine): $(BUILD)/tests/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(fuzz_proto)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(fuzz_link)
