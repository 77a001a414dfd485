// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hv/retry.h"
#include "hv/unix_socket.h"

/* PROTOCOL.md, "Finding frames", rule 4. */
#define LINK_GIVE_UP_NS (2 * NS_PER_S)

struct link {
	sd_event *event;
	char *path;
	const struct link_events *events;
	void *userdata;
	int fd;
	sd_event_source *io;
	/* The next try; while connected: half a frame has come and stuck. */
	sd_event_source *timer;
	struct retry retry;
	struct frame_decoder decoder;
	uint64_t useless_bytes;
	size_t out_start;
	size_t out_end;
	uint8_t out[LINK_OUT_BYTES];
};

static void close_fd(struct link *link)
{
	link->io = sd_event_source_disable_unref(link->io);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	link->out_start = 0;
	link->out_end = 0;
	link->useless_bytes = 0;
	frame_decoder_reset(&link->decoder);
}

static void set_timer(struct link *link, uint64_t delay_ns)
{
	sd_event_source_set_time(link->timer,
				 (clock_now_ns() + delay_ns) / NS_PER_US);
	sd_event_source_set_enabled(link->timer, SD_EVENT_ONESHOT);
}

static void fail(struct link *link, int error)
{
	close_fd(link);
	set_timer(link, retry_next_ns(&link->retry));
	link->events->down(link->userdata, error);
}

static int flush(struct link *link)
{
	ssize_t sent;

	while (link->out_start < link->out_end) {
		sent = send(link->fd, link->out + link->out_start,
			    link->out_end - link->out_start, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return sd_event_source_set_io_events(
				link->io, EPOLLIN | EPOLLOUT);
		if (sent < 0)
			return errno == EPIPE ? -ECONNRESET : -errno;
		link->out_start += (size_t)sent;
	}
	link->out_start = 0;
	link->out_end = 0;
	return sd_event_source_set_io_events(link->io, EPOLLIN);
}

static int take_frames(struct link *link)
{
	struct frame frame;
	int fd = link->fd;

	while (frame_decoder_next(&link->decoder, &frame) == 1) {
		if (link->events->frame(link->userdata, &frame) == LINK_USEFUL)
			link->useless_bytes = 0;
		if (link->fd != fd)
			return 0; /* dropped by the callback */
	}
	if (frame_decoder_pending(&link->decoder) > 0)
		set_timer(link, LINK_GIVE_UP_NS);
	else
		sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
	return link->useless_bytes > LINK_MAX_USELESS_BYTES ? -ENOBUFS : 0;
}

/* One read for each wake-up, so that a flood leaves the loop to others. */
static int receive(struct link *link)
{
	size_t space;
	uint8_t *place;
	ssize_t got;

	place = frame_decoder_space(&link->decoder, &space);
	got = recv(link->fd, place, space, 0);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	frame_decoder_filled(&link->decoder, (size_t)got);
	link->useless_bytes += (uint64_t)got;
	return take_frames(link);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents,
		 void *userdata)
{
	struct link *link = userdata;
	int r = 0;

	(void)source;
	(void)fd;
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		r = receive(link);
	if (r == 0 && link->fd >= 0)
		r = flush(link);
	if (r < 0 && link->fd >= 0)
		fail(link, r);
	return 0;
}

static void try_connect(struct link *link)
{
	int fd;
	int r;

	fd = unix_connect(link->path);
	if (fd < 0) {
		fail(link, fd);
		return;
	}
	r = sd_event_add_io(link->event, &link->io, fd, EPOLLIN, on_io, link);
	if (r < 0) {
		close(fd);
		fail(link, r);
		return;
	}
	link->fd = fd;
	retry_reset(&link->retry);
	sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
	link->events->up(link->userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct link *link = userdata;

	(void)source;
	(void)usec;
	if (link->fd < 0) {
		try_connect(link);
		return 0;
	}
	frame_decoder_give_up(&link->decoder);
	if (take_frames(link) < 0)
		fail(link, -ENOBUFS);
	return 0;
}

int link_new(sd_event *event, const char *path,
	     const struct link_events *events, void *userdata,
	     struct link **ret_link)
{
	struct link *link;
	int r;

	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	link->fd = -1;
	link->path = strdup(path);
	if (link->path == NULL) {
		free(link);
		return -ENOMEM;
	}
	r = sd_event_add_time(event, &link->timer, CLOCK_MONOTONIC, 0, 1000,
			      on_timer, link);
	if (r < 0) {
		free(link->path);
		free(link);
		return r;
	}
	frame_decoder_init(&link->decoder);
	link->event = event;
	link->events = events;
	link->userdata = userdata;
	*ret_link = link;
	return 0;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	close_fd(link);
	sd_event_source_disable_unref(link->timer);
	free(link->path);
	free(link);
}

void link_hurry(struct link *link)
{
	if (link->fd < 0)
		set_timer(link, 0);
}

int link_send(struct link *link, const uint8_t *frame, size_t bytes)
{
	if (link->fd < 0)
		return -ENOTCONN;
	if (bytes > sizeof(link->out) - link->out_end)
		return -ENOBUFS;
	memcpy(link->out + link->out_end, frame, bytes);
	link->out_end += bytes;
	/* Sent from on_io(), so that no callback comes from in here. */
	return sd_event_source_set_io_events(link->io, EPOLLIN | EPOLLOUT);
}

bool link_sent(const struct link *link)
{
	return link->out_start == link->out_end;
}

void link_drop(struct link *link, uint64_t delay_ns)
{
	close_fd(link);
	set_timer(link, delay_ns);
}

void link_resync(struct link *link)
{
	frame_decoder_reset(&link->decoder);
}

bool link_connected(const struct link *link)
{
	return link->fd >= 0;
}

const struct frame_stats *link_stats(const struct link *link)
{
	return &link->decoder.stats;
}
