# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runs inside guests: static programs and the initramfs they come in.
# A program is tests/guest/prog/NAME.c with what it uses of tests/guest/common,
# and is called NAME inside.
guest_build := $(BUILD)/tests/guest
guest_names := $(patsubst tests/guest/prog/%.c,%,$(wildcard tests/guest/prog/*.c))
guest_bins := $(guest_names:%=$(guest_build)/bin/%) $(guest_build)/bin/guest-runner
assume_bins := $(patsubst tests/guest/assume/%.c,$(guest_build)/bin/assume-%,\
	$(wildcard tests/guest/assume/*.c))
guest_common := $(patsubst tests/guest/common/%.c,%,\
	$(wildcard tests/guest/common/*.c))
guest_common_objects := $(guest_common:%=$(guest_build)/common/%.o)
guest_content := tests/guest/tell $(guest_bins) $(assume_bins) $(filter %/contig-agent,$(PROGRAMS))

GUEST_PROGRAMS += $(guest_build)/initramfs.cpio

guest_link = $(CC) $(CFLAGS) -static -pthread $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

$(guest_build)/bin/guest-runner: $(BUILD)/tests/lib/guest-runner.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(guest_link)

$(guest_build)/bin/assume-%: $(guest_build)/assume/%.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(guest_link)

$(guest_build)/common.a: $(guest_common_objects)
	$(say) AR $@
	@rm -f $@
	$(Q)ar rcs $@ $^

$(guest_build)/bin/%: $(guest_build)/prog/%.o $(guest_build)/common.a
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(guest_link)

$(guest_build)/initramfs.cpio: tests/guest/initramfs.sh tests/guest/init $(guest_content)
	$(say) CPIO $@
	$(Q)tests/guest/initramfs.sh $@ tests/guest/init $(guest_content)
