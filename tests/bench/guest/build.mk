# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runs inside the benchmark's guests, and the initramfs that it comes in.
# A program is made of the file of its name and of the parts named here.
bench_guest := $(BUILD)/tests/bench/guest
bench_kinds = $(patsubst tests/bench/guest/%.c,$(bench_guest)/%.o,\
	$(wildcard tests/bench/guest/$(1)_*.c))
bench_parts = $(patsubst %,$(bench_guest)/%.o,$(1))
bench_names := oracle scene method stall
bench_bins := $(bench_names:%=$(bench_guest)/bin/%)
# coalesce stands in for an agent; tell speaks with programs that stay.
bench_content := tests/guest/tell $(guest_build)/bin/coalesce $(bench_bins)

GUEST_PROGRAMS += $(BUILD)/tests/bench/initramfs.cpio

$(bench_guest)/bin/oracle: $(call bench_parts,drain look region zones)
$(bench_guest)/bin/scene: $(call bench_parts,device files freezer obstacle \
	pool search shortage stat zones) \
	$(BUILD)/proto/names.o \
	$(call bench_kinds,scene)
$(bench_guest)/bin/method: $(call bench_parts,ask device pause stat trace) \
	$(BUILD)/proto/names.o \
	$(call bench_kinds,method)
$(bench_guest)/bin/stall: $(call bench_parts,ring stat trace)

$(bench_bins): $(bench_guest)/bin/%: $(bench_guest)/%.o $(guest_build)/common.a
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -static $(LDFLAGS) -o $@ $(filter %.o,$^) \
		$(filter %.a,$^)

$(BUILD)/tests/bench/initramfs.cpio: tests/guest/initramfs.sh \
		tests/bench/guest/init $(bench_content)
	$(say) CPIO $@
	$(Q)tests/guest/initramfs.sh $@ tests/bench/guest/init $(bench_content)

UNIT_TESTS += tests/bench/guest/oracle.t

# The files that the scenario filecache reads; QEMU puts them into memory.
bench_files_mib := 192
GUEST_PROGRAMS += $(BUILD)/tests/bench/files.ext4

$(bench_guest)/mkfiles: $(call bench_parts,mkfiles files) $(guest_build)/common.a
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/tests/bench/files.ext4: tests/bench/guest/mkimage.sh \
		$(bench_guest)/mkfiles
	$(say) MKFS $@
	$(Q)tests/bench/guest/mkimage.sh $(bench_guest)/mkfiles $@ \
		$(bench_files_mib)
