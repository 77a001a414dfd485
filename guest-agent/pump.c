// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <unistd.h>

#include "guest-agent/pump.h"

/* The kernel gives at most a page at a time. */
#define MAX_READS 64

int pump_in(int fd, struct session *session)
{
	for (int i = 0; i < MAX_READS; i++) {
		size_t space;
		uint8_t *at = frame_decoder_space(&session->decoder, &space);
		ssize_t size = read(fd, at, space);

		if (size > 0) {
			frame_decoder_filled(&session->decoder, (size_t)size);
			session_input(session);
			continue;
		}
		if (!size) {
			/* EPOLLHUP would say less: it may be old news. */
			session_closed(session);
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		session_drained(session);
		return 0;
	}
	return 1;
}

int pump_out(int fd, struct session *session)
{
	for (;;) {
		size_t waiting;
		const uint8_t *at = outq_data(&session->out, &waiting);
		ssize_t size;

		if (!waiting)
			return 0;
		size = write(fd, at, waiting);
		if (size > 0) {
			outq_sent(&session->out, (size_t)size);
			session_output_sent(session);
			continue;
		}
		if (size < 0 && errno == EINTR)
			continue;
		/* Also while the host's end is closed. */
		return !size || errno == EAGAIN ? 0 : -errno;
	}
}
