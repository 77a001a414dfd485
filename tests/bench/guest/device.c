// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/guest/device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kernel/uapi/linux/coalesce.h"
#include "proto/message.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

#define DEVICE "/dev/coalesce"

static struct coalesce_region regions[DEVICE_MAX_REGIONS];
static struct coalesce_request req;

static void make(struct device_request *request, uint32_t strategy)
{
	uint64_t start_ns;

	if (request->count > DEVICE_MAX_REGIONS)
		control_fail(DEVICE ": more than %d regions",
			     DEVICE_MAX_REGIONS);
	req = (struct coalesce_request){
		.strategy = strategy,
		.order = request->order,
		.count = request->count,
		.nid = COALESCE_ANY_NODE,
		.flags = COALESCE_F_RECLAIM,
		.regions = (uintptr_t)regions,
	};
	start_ns = stat_clock_ns();
	request->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (request->fd < 0 || ioctl(request->fd, COALESCE_IOC_REQUEST, &req))
		control_fail(DEVICE ": %s", strerror(errno));
	request->took_ns = stat_clock_ns() - start_ns;
	request->scanned = req.pages_scanned;
	request->made = req.made;
	for (uint32_t i = 0; i < req.made; i++)
		request->gfns[i] = regions[i].gfn;
}

void device_cost(struct device_request *request)
{
	make(request, COALESCE_COST);
}

void device_freelist(struct device_request *request)
{
	make(request, COALESCE_FREELIST);
}

void device_print_shortfall(FILE *f)
{
	for (uint32_t i = 0; i < COALESCE_NR_REASONS; i++)
		if (req.shortfall[i])
			fprintf(f, "shortfall_%s=%u\n", message_reason_name(i),
				req.shortfall[i]);
}
