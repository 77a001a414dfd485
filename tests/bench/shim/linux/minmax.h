/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's header of this name has, without its checks of types. */
#ifndef CONTIG_TESTS_BENCH_SHIM_LINUX_MINMAX_H
#define CONTIG_TESTS_BENCH_SHIM_LINUX_MINMAX_H

#define min_t(type, x, y)                      \
	({                                     \
		type min_x = (x);              \
		type min_y = (y);              \
		min_x < min_y ? min_x : min_y; \
	})

#define max_t(type, x, y)                      \
	({                                     \
		type max_x = (x);              \
		type max_y = (y);              \
		max_x > max_y ? max_x : max_y; \
	})

#define min(x, y) min_t(__typeof__(x), x, y)
#define max(x, y) max_t(__typeof__(x), x, y)

#endif
