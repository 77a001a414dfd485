// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * split_huge PID START END (hexadecimal, as in /proc/PID/maps): splits the huge
 * pages of another process, so that there is something to collapse.
 *
 * MADV_COLD for a part of a huge page makes the kernel split it (5.10 and
 * later, with PTRACE_MODE_READ and CAP_SYS_NICE). A page with one more
 * reference than its mapping stays as it is for now, and the call does not say
 * so: whoever runs this looks at smaps, and runs it again.
 */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>

#define PAGE_BYTES UINT64_C(4096)
#define HUGE_BYTES (512 * PAGE_BYTES)

int main(int argc, char **argv)
{
	uint64_t at;
	uint64_t end;
	int pidfd;

	if (argc != 4)
		errx(2, "usage: split_huge PID START END");
	pidfd = pidfd_open((pid_t)strtol(argv[1], NULL, 10), 0);
	if (pidfd < 0)
		err(1, "pid %s", argv[1]);
	at = strtoull(argv[2], NULL, 16);
	at = (at + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
	end = strtoull(argv[3], NULL, 16);
	for (; at + HUGE_BYTES <= end; at += HUGE_BYTES) {
		struct iovec one_page = {
			.iov_base = (void *)(uintptr_t)(at + PAGE_BYTES),
			.iov_len = PAGE_BYTES,
		};

		if (process_madvise(pidfd, &one_page, 1, MADV_COLD, 0) < 0)
			err(1, "process_madvise");
	}
	return 0;
}
