/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What contigd says of a guest without asking anybody. */
#ifndef CONTIG_HV_GUEST_JSON_H
#define CONTIG_HV_GUEST_JSON_H

#include <jansson.h>

#include "hv/guest.h"

/* A new reference: name, QEMU, agent, what was dropped. */
json_t *guest_to_json(const struct guest *guest);

#endif
