/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the kernel's own in a large piece, for a program: the ring of a
 * packet socket, of one block.
 */
#ifndef CONTIG_GUEST_PACKET_RING_H
#define CONTIG_GUEST_PACKET_RING_H

#include <stdbool.h>

#define PACKET_RING_MAX_ORDER 10

/*
 * Takes 2^order pages and maps them; both last until the program ends. The
 * kernel tries to have them in one piece, and takes single pages where that
 * fails. Ends the program when there are not even these.
 */
char *packet_ring(unsigned int order);

/* Are they in one piece? */
bool packet_ring_is_whole(const char *start, unsigned int order);

#endif
