/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a source of the kernel that is built outside of it. */
#ifndef CONTIG_TESTS_BENCH_SHIM_LINUX_STRING_H
#define CONTIG_TESTS_BENCH_SHIM_LINUX_STRING_H

#include <string.h>

#endif
