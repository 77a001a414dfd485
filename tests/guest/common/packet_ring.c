// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/common/packet_ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/guest/common/control.h"
#include "tests/guest/common/page.h"
#include "tests/guest/common/pagemap.h"

char *packet_ring(unsigned int order)
{
	unsigned int bytes = PAGE_BYTES << order;
	struct tpacket_req req = { bytes, 1, bytes, 1 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	char *start;

	if (fd < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		control_fail("packet ring: %s", strerror(errno));
	start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		control_fail("packet ring: mmap: %s", strerror(errno));
	return start;
}

bool packet_ring_is_whole(const char *start, unsigned int order)
{
	static uint64_t frames[1 << PACKET_RING_MAX_ORDER];
	size_t nr = (size_t)1 << order;

	pagemap_frames(start, nr, frames);
	for (size_t i = 0; i < nr; i++)
		if (!frames[0] || frames[i] != frames[0] + i)
			return false;
	return true;
}
