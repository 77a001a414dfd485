// SPDX-License-Identifier: GPL-2.0-or-later
/* The only file that includes the kernel's UAPI header. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "guest-agent/device.h"
#include "kernel/uapi/linux/coalesce.h"

/* The protocol hands the kernel's numbers through. */
_Static_assert(MESSAGE_STRATEGY_COST == (int)COALESCE_COST, "strategy");
_Static_assert(MESSAGE_STRATEGY_FREELIST == (int)COALESCE_FREELIST, "strategy");
_Static_assert(MESSAGE_NR_KERNEL_REASONS == COALESCE_NR_REASONS, "reasons");
_Static_assert(MESSAGE_REASON_CANCELLED == (int)COALESCE_WHY_CANCELLED,
	       "reasons");
_Static_assert(MESSAGE_REASON_AGENT_LIMIT >= COALESCE_MAX_REASONS, "reasons");
/* One entry of an ANSWER is the agent's own. */
_Static_assert(MESSAGE_MAX_REASONS >= COALESCE_NR_REASONS + 1, "reasons");
_Static_assert(MESSAGE_MAX_COUNT <= COALESCE_MAX_COUNT, "count");
_Static_assert(MESSAGE_MAX_DETAILS <= COALESCE_MAX_DETAILS, "details");
_Static_assert(MESSAGE_MAX_CELLS <= COALESCE_MAX_CELLS, "cells");
_Static_assert(DEVICE_MAX_IDS <= COALESCE_MAX_COUNT, "ids");
_Static_assert(MESSAGE_ANY_NODE == COALESCE_ANY_NODE, "node");

static int call(const struct device *device, unsigned long request, void *arg)
{
	return ioctl(device->fd, request, arg) ? -errno : 0;
}

static int read_info(struct device *device)
{
	struct coalesce_info info = { 0 };
	int err;

	err = call(device, COALESCE_IOC_INFO, &info);
	if (err)
		return err;
	if (info.version != COALESCE_API_VERSION ||
	    info.page_size_bytes != CONTIG_PAGE_BYTES ||
	    info.min_order < MESSAGE_MIN_ORDER ||
	    info.min_order > MESSAGE_MAX_ORDER ||
	    info.max_order < info.min_order)
		return -EPROTONOSUPPORT;
	if (info.max_order > MESSAGE_MAX_ORDER)
		info.max_order = MESSAGE_MAX_ORDER;
	device->api = info.version;
	device->strategies = info.strategies;
	device->has_sync = info.flags & COALESCE_F_SYNC;
	device->has_reclaim = info.flags & COALESCE_F_RECLAIM;
	device->min_order = (uint8_t)info.min_order;
	device->max_order = (uint8_t)info.max_order;
	return 0;
}

int device_open(struct device *device, const char *path)
{
	int err;

	*device = (struct device){ .fd = open(path, O_RDWR | O_CLOEXEC) };
	if (device->fd < 0)
		return -errno;
	err = read_info(device);
	if (err)
		device_close(device);
	return err;
}

void device_close(struct device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	*device = (struct device){ .fd = -1 };
}

uint64_t device_guest_pages(const struct device *device)
{
	struct sysinfo info;

	(void)device;
	if (sysinfo(&info))
		return 0;
	return (uint64_t)info.totalram * info.mem_unit / CONTIG_PAGE_BYTES;
}

int device_state(const struct device *device, int32_t nid,
		 struct message_state *ret_state)
{
	struct coalesce_state state = { .nid = nid };
	int err;

	err = call(device, COALESCE_IOC_STATE, &state);
	if (err)
		return err;
	*ret_state = (struct message_state){
		.nid = state.nid,
		.total_pages = state.total_pages,
		.free_pages = state.free_pages,
		.reserve_pages = state.reserve_pages,
		.blocks = state.blocks,
		.free_blocks = state.free_blocks,
		.clean_blocks = state.clean_blocks,
		.held_regions = state.held_regions,
		.held_pages = state.held_pages,
	};
	return 0;
}

static uint64_t user_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

_Static_assert(sizeof(struct message_region) == sizeof(struct coalesce_region),
	       "an array of one is turned into an array of the other in place");

/*
 * Works in place, because memory may be short: once regions are made there
 * must be nothing left that can fail. Takes over @raw; the caller frees what
 * is returned.
 */
static struct message_region *to_message_regions(void *raw, uint32_t count)
{
	char *array = raw;

	for (uint32_t i = 0; i < count; i++) {
		struct message_region region = { 0 };
		struct coalesce_region from;

		memcpy(&from, array + i * sizeof(from), sizeof(from));
		region.id = from.id;
		region.gfn.v = from.gfn;
		region.nid = from.nid;
		region.order = (uint8_t)from.order;
		memcpy(array + i * sizeof(region), &region, sizeof(region));
	}
	if (count)
		return raw;
	free(raw);
	return NULL;
}

static void to_answer(const struct coalesce_request *arg,
		      struct message_answer *ret_answer)
{
	*ret_answer = (struct message_answer){
		.requested = arg->count,
		.made = arg->made,
		.moves_tried = arg->moves_tried,
		.moves_done = arg->moves_done,
		.bytes_copied = arg->bytes_copied,
		.pages_scanned = arg->pages_scanned,
		.guest_ns = arg->elapsed_ns,
	};
	for (uint32_t i = 1; i < COALESCE_MAX_REASONS; i++) {
		struct message_shortfall *next;

		if (!arg->shortfall[i])
			continue;
		/* Leaves one entry for the agent's own reason. */
		if (ret_answer->nr_shortfall == MESSAGE_MAX_REASONS - 1)
			break;
		next = &ret_answer->shortfall[ret_answer->nr_shortfall++];
		next->reason = i;
		next->regions = arg->shortfall[i];
	}
}

_Static_assert(sizeof(((struct message_detail *)0)->name) ==
		       sizeof(((struct coalesce_detail *)0)->name),
	       "names of details are copied whole");

static void to_details(const struct coalesce_request *arg,
		       const struct coalesce_detail *raw,
		       struct message_details *ret_details)
{
	*ret_details = (struct message_details){
		.pages_reclaimed = arg->pages_reclaimed,
		.count = arg->nr_details,
	};
	for (uint32_t i = 0; i < arg->nr_details; i++) {
		struct message_detail *detail = &ret_details->details[i];

		detail->reason = raw[i].reason;
		detail->regions = raw[i].regions;
		memcpy(detail->name, raw[i].name, sizeof(detail->name));
	}
}

static uint32_t to_flags(const struct message_request *request, bool plan)
{
	return (plan ? COALESCE_F_PLAN : 0) |
	       (request->flags & MESSAGE_REQUEST_SYNC ? COALESCE_F_SYNC : 0) |
	       (request->flags & MESSAGE_REQUEST_RECLAIM ? COALESCE_F_RECLAIM :
							   0);
}

int device_request(const struct device *device,
		   const struct message_request *request, bool plan,
		   struct message_answer *ret_answer,
		   struct message_details *ret_details,
		   struct message_region **ret_regions)
{
	struct coalesce_detail details[MESSAGE_MAX_DETAILS] = { 0 };
	struct coalesce_request arg = {
		.flags = to_flags(request, plan),
		.strategy = request->strategy,
		.order = request->order,
		.count = request->count,
		.nid = request->nid,
		.first_gfn = request->first_gfn.v,
		.nr_gfns = request->nr_gfns,
		.max_moves = request->max_moves,
		.timeout_ns = request->timeout_ns,
		.details = user_address(details),
		.nr_details = MESSAGE_MAX_DETAILS,
	};
	struct coalesce_region *raw;
	int err;

	raw = calloc(request->count, sizeof(*raw));
	if (!raw)
		return -ENOMEM;
	arg.regions = user_address(raw);
	err = call(device, COALESCE_IOC_REQUEST, &arg);
	if (!err &&
	    (arg.made > request->count || arg.nr_details > MESSAGE_MAX_DETAILS))
		err = -EPROTO;
	if (err) {
		free(raw);
		return err;
	}
	to_answer(&arg, ret_answer);
	to_details(&arg, details, ret_details);
	*ret_regions = to_message_regions(raw, plan ? 0 : arg.made);
	return 0;
}

int device_progress(const struct device *device,
		    struct message_progress *ret_progress)
{
	struct coalesce_progress progress = { 0 };
	int err;

	err = call(device, COALESCE_IOC_PROGRESS, &progress);
	if (err)
		return err;
	if (!progress.running)
		return -ENODATA;
	*ret_progress = (struct message_progress){
		.asked = progress.asked,
		.made = progress.made,
		.moves_done = progress.moves_done,
	};
	return 0;
}

int device_list(const struct device *device,
		struct message_region **ret_regions, uint32_t *ret_count)
{
	struct coalesce_region *raw = NULL;
	struct coalesce_list list = { 0 };
	int err;

	/*
	 * The first call asks how many there are. Nobody else changes what
	 * this file holds, so the second one fits.
	 */
	err = call(device, COALESCE_IOC_LIST, &list);
	if (err)
		return err;
	if (list.count) {
		list.capacity = list.count;
		raw = calloc(list.capacity, sizeof(*raw));
		if (!raw)
			return -ENOMEM;
		list.regions = user_address(raw);
		err = call(device, COALESCE_IOC_LIST, &list);
		if (!err && list.count > list.capacity)
			err = -EPROTO;
		if (err) {
			free(raw);
			return err;
		}
	}
	*ret_regions = to_message_regions(raw, list.count);
	*ret_count = list.count;
	return 0;
}

int device_ids(const struct device *device, enum device_ids_call which,
	       const uint64_t *ids, uint32_t count, uint32_t *ret_done)
{
	struct coalesce_ids arg = {
		.ids = count ? user_address(ids) : 0,
		.count = count,
	};
	int err;

	err = call(device,
		   which == DEVICE_TOUCH ? COALESCE_IOC_TOUCH :
					   COALESCE_IOC_RELEASE,
		   &arg);
	if (err)
		return err;
	*ret_done = arg.done;
	return 0;
}

int device_map(const struct device *device,
	       const struct message_map_get *map_get,
	       struct message_map *ret_map)
{
	struct coalesce_cell *cells;
	struct coalesce_map map = {
		.first_gfn = map_get->first_gfn.v,
		.order = map_get->order,
		.count = map_get->count,
	};
	int err;

	cells = calloc(map.count, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	map.cells = user_address(cells);
	err = call(device, COALESCE_IOC_MAP, &map);
	if (err)
		goto out_free;
	ret_map->end_gfn.v = map.end_gfn;
	ret_map->first_gfn = map_get->first_gfn;
	ret_map->order = map_get->order;
	ret_map->count = map_get->count;
	for (uint32_t i = 0; i < map.count; i++)
		ret_map->cells[i] = (struct message_cell){
			.free_pages = cells[i].free,
			.movable_pages = cells[i].movable,
			.unmovable_pages = cells[i].unmovable,
			.held_pages = cells[i].held,
		};
out_free:
	free(cells);
	return err;
}
