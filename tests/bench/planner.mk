# SPDX-License-Identifier: GPL-2.0-or-later
#
# The planner's bench has the kernel's own source in it, taken out of the
# series, so that it needs no unpacked kernel.
planner := $(BUILD)/tests/bench/planner
planner_series := $(BUILD)/tests/bench/series
planner_source := $(planner_series)/mm/coalesce/choose.c
planner_objects := $(addprefix $(BUILD)/tests/bench/,planner.o \
	planner_kernel.o planner_choose.o)
GUEST_PROGRAMS += $(planner)

$(planner_source): $(wildcard kernel/patches/6.12/*.patch) \
		tests/bench/series_files.sh
	$(say) PATCH $@
	$(Q)tests/bench/series_files.sh $(planner_series) \
		mm/coalesce/choose.c mm/coalesce/choose.h \
		include/uapi/linux/coalesce.h

$(BUILD)/tests/bench/planner_kernel.o $(BUILD)/tests/bench/planner_choose.o: \
	CPPFLAGS += -I$(planner_series) -Itests/bench/shim \
	-idirafter $(planner_series)/include/uapi
$(BUILD)/tests/bench/planner_kernel.o: $(planner_source)

# -w: the kernel's build has looked at it.
$(BUILD)/tests/bench/planner_choose.o: $(planner_source)
	$(say) CC $@
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -w -c -o $@ $<

$(planner): $(planner_objects)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
