// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "guest-agent/boot.h"

uint64_t boot_number(const char *path)
{
	/* FNV-1a: the id is random already, it only has to fit 64 bits. */
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	char id[64];
	ssize_t size;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, id, sizeof(id));
	close(fd);
	if (size <= 0)
		return 0;
	for (ssize_t i = 0; i < size; i++) {
		hash ^= (uint8_t)id[i];
		hash *= UINT64_C(0x100000001b3);
	}
	return hash;
}
