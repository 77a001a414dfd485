# SPDX-License-Identifier: GPL-2.0-or-later
#
# contigd and contigctl. Objects that need no event loop are a list of their
# own: unit tests and fuzz targets link some of them.

HV_PACKAGES_D := libsystemd jansson libcap-ng
HV_PACKAGES_CTL := jansson smartcols

# What both programs have.
HV_COMMON_OBJS := $(addprefix $(BUILD)/hv/,command.o failure.o unix_socket.o \
	units.o config.o evidence.o evidence_scan.o evidence_smaps.o smaps.o)
HV_PURE_OBJS := $(addprefix $(BUILD)/hv/,back.o process.o \
	qmp_line.o rammap.o region_check.o)
CONTIGD_OBJS := $(addprefix $(BUILD)/hv/,back.o control.o guest.o \
	guest_json.o host_task.o job.o job_back.o job_map.o job_release.o \
	job_request.o job_request_answer.o job_request_check.o job_status.o \
	link.o log.o main.o numa.o pools.o privileges.o process.o \
	qmp.o qmp_line.o ram_read.o rammap.o region_check.o registry.o \
	session.o session_answer.o session_failure.o source_config.o \
	worker.o) \
	$(HV_COMMON_OBJS) $(PROTO_OBJS)
CONTIGCTL_OBJS := $(addprefix $(BUILD)/hv/,ctl.o ctl_back.o ctl_client.o \
	ctl_list.o ctl_map.o ctl_progress.o ctl_release.o ctl_request.o \
	ctl_shortfall.o ctl_status.o ctl_table.o map_svg.o) $(HV_COMMON_OBJS)

# inih and libnuma come without a usable pkg-config file in some releases.
HV_LIBS_D := $(shell $(PKG_CONFIG) --libs $(HV_PACKAGES_D)) -linih -lnuma
HV_LIBS_CTL := $(shell $(PKG_CONFIG) --libs $(HV_PACKAGES_CTL)) -linih

PROGRAMS += $(BUILD)/hv/contigd $(BUILD)/hv/contigctl

$(BUILD)/hv/contigd: $(CONTIGD_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(HV_LIBS_D)

$(BUILD)/hv/contigctl: $(CONTIGCTL_OBJS)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(HV_LIBS_CTL)
