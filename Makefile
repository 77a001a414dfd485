# SPDX-License-Identifier: GPL-2.0-or-later
#
# The one Makefile. Each folder says what it builds in a build.mk of its own,
# which appends to PROGRAMS, UNIT_TESTS, FUZZ_TARGETS and GUEST_PROGRAMS;
# objects and programs go under $(BUILD), in the source tree's shape.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/bash

top := $(CURDIR)
BUILD := build
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
FUZZ_SECONDS ?= 30
CHECK_FUZZ_SECONDS ?= 5
V ?= 0

CC := gcc
CLANG := clang
PKG_CONFIG ?= pkg-config
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wundef -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough
CPPFLAGS := -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -I$(top)
CFLAGS := -std=gnu11 -O2 -g -fno-common -fstack-protector-strong $(WARNINGS)
LDFLAGS := -Wl,--as-needed

PROGRAMS :=
UNIT_TESTS :=
FUZZ_TARGETS :=
GUEST_PROGRAMS :=

ifeq ($(V),1)
say = @:
Q :=
else
say = @printf '  %-7s %s\n'
Q := @
endif

$(BUILD)/%.o: %.c
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# ----- packages --------------------------------------------------------------
# make remakes the files that it includes before anything else and then starts
# again: that is what puts installing before every pkg-config call.
no_packages_goals := clean help
goals := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
ifneq ($(filter-out $(no_packages_goals),$(goals)),)
packages := $(BUILD)/packages-$(firstword \
	$(shell sha256sum < configs/packages.txt)).mk
ifeq ($(wildcard $(packages)),)
include $(packages)
$(packages): configs/packages.txt
	$(Q)configs/install-packages.sh $< $@
else
parts := proto/build.mk guest-agent/build.mk hv/build.mk \
	kernel/build.mk tests/lib/build.mk tests/guest/build.mk \
	tests/bench/guest/build.mk \
	$(wildcard tests/unit/*.mk tests/fuzz/*.mk tests/host/*.mk \
	tests/bench/*.mk)
include $(parts)
endif
endif

# ----- building --------------------------------------------------------------
.PHONY: all
all: $(PROGRAMS) $(GUEST_PROGRAMS)

# The one place that decides what a test file is: a program that prints TAP.
prove = prove --timer $(PROVE_FLAGS) -e ''
lint_tests = $(wildcard tests/lint/*.t)
host_tests = $(wildcard tests/host/*.t)
guest_tests = $(wildcard tests/guest/*.t)
long_tests = $(wildcard tests/long/*.t)
fuzz_test = tests/fuzz/fuzz.t

export BUILD FUZZ_TARGETS

# ----- tests -----------------------------------------------------------------
.PHONY: check check-unit check-guest check-long fuzz lint
check_builds := $(PROGRAMS) $(UNIT_TESTS) $(FUZZ_TARGETS) $(GUEST_PROGRAMS)

check: $(check_builds) kernel
	FUZZ_SECONDS=$(CHECK_FUZZ_SECONDS) $(prove) -v $(lint_tests) \
		$(UNIT_TESTS) $(host_tests) $(guest_tests) $(fuzz_test)

check-unit: $(PROGRAMS) $(UNIT_TESTS) $(GUEST_PROGRAMS)
	$(prove) -v $(UNIT_TESTS) $(host_tests)

check-guest: $(PROGRAMS) $(GUEST_PROGRAMS) kernel
	$(prove) -v $(guest_tests)

check-long: $(check_builds) kernel
	FUZZ_SECONDS=$(or $(LONG_FUZZ_SECONDS),600) $(prove) -v \
		$(long_tests) $(fuzz_test)

fuzz: $(FUZZ_TARGETS)
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(prove) -v $(fuzz_test)

lint: $(check_builds)
	$(prove) -v $(lint_tests)

# ----- the main job ----------------------------------------------------------
.PHONY: demo
demo: $(PROGRAMS) $(GUEST_PROGRAMS) kernel-release
	tests/demo/run.sh $(BUILD)/demo

.PHONY: bench
bench: $(PROGRAMS) $(GUEST_PROGRAMS) kernel-release
	tests/bench/run.sh $(BUILD)/bench

.PHONY: soak
soak: $(PROGRAMS) $(GUEST_PROGRAMS) kernel
	tests/soak/run.sh $(BUILD)/soak $(or $(MINUTES),60)

# ----- installing ------------------------------------------------------------
.PHONY: install install-guest
install: $(filter $(BUILD)/hv/%,$(PROGRAMS))
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $^ "$(DESTDIR)$(PREFIX)/bin/"
	install -d "$(DESTDIR)$(SYSCONFDIR)/contig"
	test -e "$(DESTDIR)$(SYSCONFDIR)/contig/contig.conf" || install -m 644 \
		configs/contig.conf "$(DESTDIR)$(SYSCONFDIR)/contig/"

install-guest: $(BUILD)/guest-agent/contig-agent
	install -d "$(DESTDIR)$(PREFIX)/sbin"
	install -m 755 $< "$(DESTDIR)$(PREFIX)/sbin/"

.PHONY: clean help
clean:
	rm -rf $(BUILD)

help:
	@echo 'make demo          boot a guest, fragment it, get 64 huge pages behind it'
	@echo 'make check         every test that fits in an hour'
	@echo 'make check-unit    those without a guest'
	@echo 'make check-guest   those in a guest with the patched kernels'
	@echo 'make check-long    the others: the kernel'\''s own tests, long fuzzing'
	@echo 'make fuzz          every fuzz target for FUZZ_SECONDS=30'
	@echo 'make lint          style and static checks'
	@echo 'make kernel        the guest kernel images, release and debug'
	@echo 'make bench         all methods compared (SCENARIO= METHOD= SEED= MIB=)'
	@echo 'make soak          MINUTES=60 of everything at once on the debug kernel'
	@echo 'make install       contigd, contigctl (DESTDIR= PREFIX=)'
	@echo 'make install-guest contig-agent'
	@echo 'make clean         removes build/ (kernel images stay cached)'

-include $(shell [ -d $(BUILD) ] && find $(BUILD) -name '*.d' \
	-not -path '$(BUILD)/kernel/*')
