/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONTIG_AGENT_BOOT_H
#define CONTIG_AGENT_BOOT_H

#include <stdint.h>

/**
 * boot_number() - tell this boot of the guest from every other
 * @path: /proc/sys/kernel/random/boot_id
 *
 * Return: a hash of the kernel's boot id; 0 when it can't be read.
 */
uint64_t boot_number(const char *path);

#endif
