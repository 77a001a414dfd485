/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket of a guest's virtio-serial port: connects, cuts frames out of
 * what comes, sends what it is given, and keeps its memory bounded whatever
 * the guest does.
 */
#ifndef CONTIG_HV_LINK_H
#define CONTIG_HV_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "proto/frame.h"

/*
 * What a guest may send without one frame of use in it. Late answers and half
 * a frame stay far below it; an endless stream is cut off here.
 */
#define LINK_MAX_USELESS_BYTES (1024 * 1024)

/* One whole frame, and small ones beside it. */
#define LINK_OUT_BYTES (FRAME_MAX_BYTES + 4096)

struct link;

enum link_use {
	LINK_USELESS = 0,
	LINK_USEFUL = 1,
};

struct link_events {
	void (*up)(void *userdata);
	/* @error: -ENOENT, -ECONNREFUSED, -ECONNRESET, -ENOBUFS: flooded... */
	void (*down)(void *userdata, int error);
	/* The frame is valid during the call; link_drop() may be called. */
	enum link_use (*frame)(void *userdata, const struct frame *frame);
};

int link_new(sd_event *event, const char *path,
	     const struct link_events *events, void *userdata,
	     struct link **ret_link);
void link_free(struct link *link);

/* Connects now, if not connected, instead of when the timer says. */
void link_hurry(struct link *link);

/**
 * link_send() - send a frame as soon as the guest's side takes it
 *
 * Return: 0; -ENOTCONN; -ENOBUFS when too much waits to be taken.
 */
int link_send(struct link *link, const uint8_t *frame, size_t bytes);

/* Is nothing waiting to be sent? */
bool link_sent(const struct link *link);

/* Closes the connection; tries again in @delay_ns. down() isn't called. */
void link_drop(struct link *link, uint64_t delay_ns);

/* Forgets half a frame. */
void link_resync(struct link *link);

bool link_connected(const struct link *link);
const struct frame_stats *link_stats(const struct link *link);

#endif
