# SPDX-License-Identifier: GPL-2.0-or-later
#
# The codec has no library of its own: both sides link its few objects.

PROTO_OBJS := $(addprefix $(BUILD)/proto/,crc32c.o frame.o message.o names.o)
