#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes proto_golden.h: each message of proto_samples.c as bytes.

A second implementation of proto/PROTOCOL.md that shares no code with the
codec, so that a mistake has to be made twice. To be run by hand when the
protocol gains something; vectors that exist must never change.
"""
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind, payload, request=0x01020304, session=0x1122334455667788):
    head = b"CTIG" + struct.pack(
        "<BBHIIQ", 1, kind, 0, len(payload), request, session)
    return head + struct.pack("<II", crc32c(head), crc32c(payload)) + payload


def text(s):
    return bytes([len(s)]) + s.encode("ascii")


def pack(fmt, *args):
    return struct.pack("<" + fmt, *args)


ask = pack("IBBIiQQQQ", 1, 1, 9, 64, 3, 0x40000, 0x8000, 10**6, 30 * 10**9)
ids = pack("IQQQ", 3, 1, 1 << 32, (1 << 64) - 1)
vectors = [
    ("HELLO", 1, pack("HHQ", 1, 3, 1 << 63 | 1)),
    ("STATE_GET", 2, pack("i", 2)),
    ("PLAN", 3, ask),
    ("REQUEST", 4, ask),
    ("CANCEL", 5, b""),
    ("TOUCH", 6, ids),
    ("HOLD", 7, ids),
    ("RELEASE", 8, ids),
    ("LIST", 9, b""),
    ("MAP_GET", 10, pack("QBI", 0x400, 10, 2048)),
    ("HELLO_REPLY", 65, pack("HQIIIBBQ", 1, 0, 1, 0, 3, 9, 18,
                             0xA1A2A3A4A5A6A7A8) + text("contig-agent 0.1.0")),
    ("STATE", 66, pack("iQQQQQQQQ", -1, 262144, 131072, 16896, 512, 49, 420,
                       2, 1024)),
    ("PROGRESS", 67, pack("IIQ", 64, 32, 4500)),
    ("REGIONS", 68, pack("III", 1026, 1024, 2)
     + pack("QQiBB", 7, 0x40000, 0, 9, 0)
     + pack("QQiBB", 1 << 63 | 1, 0x80000, 1, 18, 1)),
    ("ANSWER", 69, pack("IIQQQQQI", 64, 60, 9000, 8990, 36823040, 60000,
                        123456789, 2) + pack("IIII", 11, 3, 64, 1)),
    ("DONE", 70, pack("I", 3)),
    ("MAP", 71, pack("QQBI", 0x140000, 0x400, 9, 2)
     + pack("IIII", 100, 200, 12, 200) + pack("IIII", 0, 0, 0, 512)),
    ("ERROR", 72, pack("I", 7) + text('order 18: not "now"')),
    ("DETAILS", 73, pack("QI", 4711, 2) + pack("II", 2, 5) + text("dentry")
     + pack("II", 22, 4) + text("a name of thirty-one characters")),
]

out = sys.stdout
out.write("""/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written by proto_golden.py; vectors that exist never change. */
""")
for name, kind, payload in vectors:
    data = frame(kind, payload).hex()
    out.write("{\n\tMESSAGE_%s,\n" % name)
    for i in range(0, len(data), 64):
        out.write('\t"%s"\n' % data[i:i + 64])
    out.write("},\n")
