// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/trace.h"

#include "tests/bench/guest/stat.h"

void trace_prepare(uint64_t kib)
{
	stat_write(TRACE_DIR "tracing_on", "0");
	stat_write(TRACE_DIR "trace_clock", "mono");
	stat_write_number(TRACE_DIR "buffer_size_kb", kib);
	stat_write(TRACE_SET "enable", "1");
	stat_write(TRACE_REMOVE "enable", "1");
}

uint64_t trace_start(void)
{
	uint64_t isolated;

	stat_write(TRACE_DIR "trace", "");
	stat_write("/proc/sys/vm/stat_refresh", "1");
	isolated = stat_read("/proc/vmstat", "nr_isolated_anon") +
		   stat_read("/proc/vmstat", "nr_isolated_file");
	stat_write(TRACE_DIR "tracing_on", "1");
	return isolated;
}

void trace_stop(void)
{
	stat_write(TRACE_DIR "tracing_on", "0");
}
