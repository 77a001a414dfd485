// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guest-agent/device.h"
#include "tests/unit/agent_fake.h"

struct fake fake;

static int go_fd = -1;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.can_make = UINT32_MAX;
	fake.guest_pages = 262144;
	fake.max_order = 9;
	fake.next_id = 1;
	if (go_fd >= 0)
		close(go_fd);
	go_fd = eventfd(0, EFD_CLOEXEC);
}

void fake_go(void)
{
	const uint64_t one = 1;

	if (write(go_fd, &one, sizeof(one)) < 0)
		abort();
}

int device_open(struct device *device, const char *path)
{
	(void)path;
	*device = (struct device){ .fd = -1 };
	if (fake.open_err)
		return fake.open_err;
	*device = (struct device){
		.fd = 1000000, /* no descriptor has it */
		.api = 1,
		.strategies = 3,
		.min_order = 9,
		.max_order = fake.max_order,
		.has_reclaim = fake.can_reclaim,
	};
	return 0;
}

void device_close(struct device *device)
{
	device->fd = -1;
}

uint64_t device_guest_pages(const struct device *device)
{
	(void)device;
	return fake.guest_pages;
}

int device_state(const struct device *device, int32_t nid,
		 struct message_state *ret_state)
{
	(void)device;
	if (fake.call_err)
		return fake.call_err;
	if (nid > 0) /* the guest has but one node */
		return -EINVAL;
	*ret_state = (struct message_state){
		.nid = nid,
		.total_pages = fake.guest_pages,
		.blocks = fake.guest_pages >> 9,
		.held_regions = fake.nr_held,
	};
	return 0;
}

static struct message_region new_region(const struct message_request *request)
{
	uint64_t id = fake.next_id++;

	return (struct message_region){
		.id = id,
		.gfn.v = fake.makes_nonsense ? id : id << request->order,
		.order = request->order,
	};
}

static void make(const struct message_request *request, uint32_t count,
		 struct message_answer *answer,
		 struct message_region **ret_regions)
{
	struct message_region *regions;

	if (count > FAKE_MAX_HELD - fake.nr_held)
		abort();
	answer->made = count;
	answer->moves_tried = UINT64_C(100) * count;
	answer->moves_done = UINT64_C(99) * count;
	if (!count)
		return;
	regions = calloc(count, sizeof(*regions));
	if (!regions)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		regions[i] = new_region(request);
		fake.held[fake.nr_held++] = regions[i];
	}
	*ret_regions = regions;
}

/* Whether a signal came before fake_go() was called. */
static bool is_interrupted(void)
{
	uint64_t go;

	if (read(go_fd, &go, sizeof(go)) >= 0 || errno != EINTR)
		return false;
	atomic_fetch_add(&fake.interrupted, 1);
	return true;
}

int device_request(const struct device *device,
		   const struct message_request *request, bool plan,
		   struct message_answer *ret_answer,
		   struct message_details *ret_details,
		   struct message_region **ret_regions)
{
	uint32_t count = request->count;
	uint32_t why = 2;

	(void)device;
	fake.last_request = *request;
	fake.last_was_plan = plan;
	atomic_fetch_add(&fake.requests, 1);
	if (fake.call_err)
		return fake.call_err;
	if (fake.request_err)
		return fake.request_err;
	if (fake.busy) {
		fake.busy--;
		return -EBUSY;
	}
	if (request->nid > 0)
		return -EINVAL;
	*ret_answer = (struct message_answer){ .requested = count };
	*ret_details = fake.details;
	*ret_regions = NULL;
	if (count > fake.can_make)
		count = fake.can_make;
	if (fake.blocks && is_interrupted()) {
		count /= 2;
		why = MESSAGE_REASON_CANCELLED;
	}
	if (plan)
		ret_answer->made = count;
	else
		make(request, count, ret_answer, ret_regions);
	if (request->count > count) {
		ret_answer->nr_shortfall = 1;
		ret_answer->shortfall[0] = (struct message_shortfall){
			.reason = why,
			.regions = request->count - count,
		};
	}
	return 0;
}

int device_progress(const struct device *device,
		    struct message_progress *ret_progress)
{
	(void)device;
	*ret_progress = (struct message_progress){
		.asked = fake.last_request.count,
		.made = 1,
		.moves_done = 77,
	};
	return 0;
}

static int list_many(struct message_region **ret_regions, uint32_t *ret_count)
{
	struct message_region *regions = calloc(fake.lists, sizeof(*regions));

	if (!regions)
		abort();
	for (uint32_t i = 0; i < fake.lists; i++)
		regions[i] = (struct message_region){
			.id = i + 1,
			.gfn.v = (uint64_t)i << MESSAGE_MIN_ORDER,
			.order = MESSAGE_MIN_ORDER,
		};
	*ret_regions = regions;
	*ret_count = fake.lists;
	return 0;
}

int device_list(const struct device *device,
		struct message_region **ret_regions, uint32_t *ret_count)
{
	(void)device;
	if (fake.call_err)
		return fake.call_err;
	if (fake.lists)
		return list_many(ret_regions, ret_count);
	*ret_regions = NULL;
	*ret_count = fake.nr_held;
	if (!fake.nr_held)
		return 0;
	*ret_regions = calloc(fake.nr_held, sizeof(fake.held[0]));
	if (!*ret_regions)
		abort();
	memcpy(*ret_regions, fake.held, fake.nr_held * sizeof(fake.held[0]));
	return 0;
}

static bool is_named(uint64_t id, const uint64_t *ids, uint32_t count)
{
	if (!count)
		return true;
	for (uint32_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

int device_ids(const struct device *device, enum device_ids_call call,
	       const uint64_t *ids, uint32_t count, uint32_t *ret_done)
{
	uint32_t left = 0, done = 0;

	(void)device;
	if (fake.call_err)
		return fake.call_err;
	for (uint32_t i = 0; i < fake.nr_held; i++) {
		bool named = is_named(fake.held[i].id, ids, count);

		done += named;
		if (!named || call == DEVICE_TOUCH)
			fake.held[left++] = fake.held[i];
	}
	fake.nr_held = left;
	if (call == DEVICE_TOUCH)
		atomic_fetch_add(&fake.touched, done);
	*ret_done = done;
	return 0;
}

int device_map(const struct device *device,
	       const struct message_map_get *map_get,
	       struct message_map *ret_map)
{
	(void)device;
	atomic_fetch_add(&fake.maps, 1);
	if (fake.call_err)
		return fake.call_err;
	if (fake.blocks && is_interrupted())
		return -EINTR;
	ret_map->end_gfn.v = 0x40000;
	ret_map->first_gfn = map_get->first_gfn;
	ret_map->order = map_get->order;
	ret_map->count = map_get->count;
	for (uint32_t i = 0; i < map_get->count; i++)
		ret_map->cells[i] =
			(struct message_cell){ .free_pages = i & 511 };
	return 0;
}
