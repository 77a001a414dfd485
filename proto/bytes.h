/* SPDX-License-Identifier: BSD-3-Clause */
/* Little-endian integers at any alignment. */
#ifndef CONTIG_PROTO_BYTES_H
#define CONTIG_PROTO_BYTES_H

#include <stdint.h>

static inline uint16_t bytes_get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t bytes_get_le32(const uint8_t *p)
{
	return bytes_get_le16(p) | (uint32_t)bytes_get_le16(p + 2) << 16;
}

static inline uint64_t bytes_get_le64(const uint8_t *p)
{
	return bytes_get_le32(p) | (uint64_t)bytes_get_le32(p + 4) << 32;
}

static inline void bytes_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = v & 0xff;
	p[1] = v >> 8;
}

static inline void bytes_put_le32(uint8_t *p, uint32_t v)
{
	bytes_put_le16(p, v & 0xffff);
	bytes_put_le16(p + 2, v >> 16);
}

static inline void bytes_put_le64(uint8_t *p, uint64_t v)
{
	bytes_put_le32(p, v & 0xffffffff);
	bytes_put_le32(p + 4, v >> 32);
}

#endif
