// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scenario demand: the scene's programs want large pages, and the kernel
 * makes what it can, with its own call for that or without; or they ask for it
 * themselves, by the search of 2005; or an administrator has all memory
 * compacted just before, or huge pages made and given back; or a program has
 * used huge pages just before.
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/guest/ask.h"
#include "tests/bench/guest/method.h"
#include "tests/bench/guest/stat.h"
#include "tests/guest/common/control.h"

#define MIN_ORDER "/proc/sys/vm/coalesce_min_order"

static void tell_scene(struct method *method, const char *how)
{
	char answer[256], words[32];
	uint64_t took_ns;

	snprintf(words, sizeof(words), "%s %u", how, method->share);
	ask(method->scene, words, answer, sizeof(answer));
	if (sscanf(answer, "tried=%" SCNu64 " met=%" SCNu64 " took_ns=%" SCNu64,
		   &method->tried, &method->met, &took_ns) != 3)
		control_fail("method: the scene says '%s'", answer);
	method->took_ns += took_ns;
}

static void want(struct method *method)
{
	tell_scene(method, "want");
}

static void want_with(struct method *method)
{
	stat_write(MIN_ORDER, "4");
	want(method);
}

static void search(struct method *method)
{
	tell_scene(method, "search");
}

static void want_after_hugetlb(struct method *method)
{
	method_grow_pool(method);
	method_empty_pool(method);
	want(method);
}

static void want_after_compact(struct method *method)
{
	method_compact_all(method);
	want(method);
}

static void want_after_thp(struct method *method)
{
	method_touch_huge(method);
	method_unmap_huge(method);
	want(method);
}

/* What was had stays with the scene, which checks it. */
const struct method_kind method_demand_none = { "demand-none", want,
						method_nothing, 1, NULL };
const struct method_kind method_demand_cost = { "demand-cost", want_with,
						method_nothing, 1, NULL };
const struct method_kind method_demand_freelist = { "demand-freelist", search,
						    method_nothing, 1, NULL };
const struct method_kind method_demand_hugetlb = {
	"demand-nr_hugepages", want_after_hugetlb, method_nothing, 1, NULL
};
const struct method_kind method_demand_compact = {
	"demand-compact_memory", want_after_compact, method_nothing, 1, NULL
};
const struct method_kind method_demand_thp = { "demand-thp_fault",
					       want_after_thp, method_nothing,
					       1, NULL };
