/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks QEMU for the guest's RAM map; rammap.c understands the answers. */
#ifndef CONTIG_HV_RAM_READ_H
#define CONTIG_HV_RAM_READ_H

#include "hv/failure.h"
#include "hv/qmp.h"
#include "hv/rammap.h"

struct ram_read;

/**
 * typedef ram_read_fn - the map was read
 * @map: now the callee's, for free(); NULL on failure.
 * @failure: NULL on success.
 */
typedef void ram_read_fn(void *userdata, struct rammap *map,
			 const struct failure *failure);

/**
 * ram_read_start() - begin
 * @guest: its name, for messages.
 * @done: called once, never from inside, unless ram_read_cancel() comes first.
 *
 * Return: 0 or a negative errno.
 */
int ram_read_start(struct qmp *qmp, const char *guest, const char *path,
		   ram_read_fn *done, void *userdata,
		   struct ram_read **ret_read);

/* @read is gone after this, as it is after @done. */
void ram_read_cancel(struct ram_read *read);

#endif
