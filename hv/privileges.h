/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What contigd may do, once its sockets are open. */
#ifndef CONTIG_HV_PRIVILEGES_H
#define CONTIG_HV_PRIVILEGES_H

/**
 * privileges_drop() - keep no capability that isn't needed
 *
 * Kept: CAP_SYS_PTRACE, to look at QEMU's /proc files and for
 * process_madvise(); CAP_SYS_NICE, which process_madvise() needs for another
 * process; CAP_DAC_OVERRIDE, to connect to sockets that belong to QEMU's user,
 * and CAP_SYS_ADMIN only on kernels before 6.7, where looking needs frame
 * numbers. Whatever of it is absent already stays absent: contigd then says
 * what it can't do when it is asked to.
 *
 * Return: 0 or a negative errno.
 */
int privileges_drop(void);

#endif
