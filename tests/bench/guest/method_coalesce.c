// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/coalesce with one strategy. */
#include <unistd.h>

#include "tests/bench/guest/device.h"
#include "tests/bench/guest/method.h"

static struct device_request request;

static void get(struct method *method, void (*make)(struct device_request *))
{
	request.order = method->order;
	request.count = method->count;
	make(&request);
	method->took_ns += request.took_ns;
	method->scanned += request.scanned;
	for (uint64_t i = 0; i < request.made; i++)
		method_hold(method, request.gfns[i]);
}

static void get_cost(struct method *method)
{
	get(method, device_cost);
}

static void get_freelist(struct method *method)
{
	get(method, device_freelist);
}

static void release(struct method *method)
{
	(void)method;
	close(request.fd);
}

const struct method_kind method_cost = { "cost", get_cost, release, 0,
					 device_print_shortfall };
const struct method_kind method_freelist = { "freelist", get_freelist, release,
					     0, device_print_shortfall };
