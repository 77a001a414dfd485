/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's /dev/coalesce in the protocol's terms. Tests put a fake in
 * place of device.c, so nothing else may know the ioctls.
 *
 * The calls block as long as the kernel takes; all but device_progress() are
 * made by one thread at a time. A signal makes a running one end early.
 */
#ifndef CONTIG_AGENT_DEVICE_H
#define CONTIG_AGENT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"

struct device {
	int fd; /* -1: not open */
	uint32_t api; /* COALESCE_API_VERSION of the kernel */
	uint32_t strategies; /* bit mask of 1 << enum message_strategy */
	bool has_sync; /* knows MESSAGE_REQUEST_SYNC */
	bool has_reclaim; /* knows MESSAGE_REQUEST_RECLAIM */
	uint8_t min_order;
	uint8_t max_order;
};

/**
 * device_open() - open it and ask what it can do
 *
 * Return: 0; -EPROTONOSUPPORT when the kernel's interface is another version,
 * its page size another, or its orders make no sense; or what open() or the
 * ioctl said. The device is left closed after failure.
 */
int device_open(struct device *device, const char *path);

/* Closes it if it is open: every region that is held goes back. */
void device_close(struct device *device);

/* Pages of memory that the guest has, to measure limits by; 0: unknown. */
uint64_t device_guest_pages(const struct device *device);

int device_state(const struct device *device, int32_t nid,
		 struct message_state *ret_state);

/**
 * device_request() - make regions, or with @plan only say what would be done
 * @ret_answer: filled in.
 * @ret_details: filled in as the kernel has it, names unchecked.
 * @ret_regions: array of ret_answer->made regions, NULL when there are none
 *	and for a plan; the caller frees it.
 *
 * Return: 0; -EBUSY when another program's request runs, -EINTR, -ENOMEM,
 * -EINVAL. After failure no region was made.
 */
int device_request(const struct device *device,
		   const struct message_request *request, bool plan,
		   struct message_answer *ret_answer,
		   struct message_details *ret_details,
		   struct message_region **ret_regions);

/* May be called while another thread is in device_request(). */
int device_progress(const struct device *device,
		    struct message_progress *ret_progress);

/**
 * device_list() - all regions that are held, in order of their ids
 * @ret_regions: NULL when there are none; the caller frees it. Flags are 0.
 */
int device_list(const struct device *device,
		struct message_region **ret_regions, uint32_t *ret_count);

enum device_ids_call {
	DEVICE_TOUCH,
	DEVICE_RELEASE,
};

/**
 * device_ids() - touch or release regions
 * @count: 0: all; at most DEVICE_MAX_IDS.
 * @ret_done: how many of them there were.
 */
#define DEVICE_MAX_IDS 65536
int device_ids(const struct device *device, enum device_ids_call call,
	       const uint64_t *ids, uint32_t count, uint32_t *ret_done);

/* Return: 0; -EINTR when a signal ended it early, or what the ioctl said. */
int device_map(const struct device *device,
	       const struct message_map_get *map_get,
	       struct message_map *ret_map);

#endif
