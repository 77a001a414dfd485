// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/ctl_shortfall.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hv/ctl.h"

struct advice {
	const char *reason;
	const char *text;
};

/* Reasons of both sides; those that explain themselves have no line here. */
static const struct advice advices[] = {
	{ "slab", "kernel objects in the way; ask for fewer regions" },
	{ "pgtable", "page tables in the way; ask for fewer regions" },
	{ "kernel", "kernel memory in the way; ask for fewer regions" },
	{ "stack", "stacks of tasks in the way; ask for fewer regions" },
	{ "pinned", "pages pinned by programs or devices in the guest" },
	{ "locked", "pages were locked; try again, or use --sync" },
	{ "writeback", "pages were being written; try again, or use --sync" },
	{ "busy", "pages were in use; try again" },
	{ "no_target", "no free memory to move pages to; free some there" },
	{ "watermark", "the guest has too little free memory; free some" },
	{ "budget", "--max-moves was used up; allow more" },
	{ "deadline", "time was up; give more by --timeout" },
	{ "cancelled", "interrupted" },
	{ "too_small", "there is no more memory in the range, node or guest" },
	{ "no_start", "no free block to start from; use --strategy cost" },
	{ "isolated", "the guest is adding or removing memory; try again" },
	{ "held", "held already; contigctl release gives them back" },
	{ "agent_limit", "the agent's --max-held-percent" },
	{ "untouched", "nothing is behind them; the guest must use them" },
	{ "not_allowed", "the host keeps huge pages out of this mapping (THP "
			 "off for QEMU, MADV_NOHUGEPAGE, shmem_enabled=deny)" },
	{ "no_huge_page", "the host has no free huge page there" },
	{ "gone", "was huge and is not any more; stop host KSM, ballooning and "
		  "free page reporting" },
	{ "refused", "contigd lacks CAP_SYS_PTRACE or CAP_SYS_NICE" },
	{ "not_congruent", "use memory-backend-ram or align=2M" },
};

static const char *find_advice(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		if (strcmp(advices[i].reason, reason) == 0)
			return advices[i].text;
	}
	return "";
}

/* Names shown of one reason; what is behind the most regions comes first. */
#define MAX_NAMES 4

/* One item of a list; @first is true until one was printed. */
static void print_item(bool *first, const char *reason, const char *name,
		       json_int_t regions)
{
	if (regions <= 0)
		return;
	printf("%s%s", *first ? "" : ", ", reason);
	if (name != NULL)
		printf(" (%s)", name);
	printf(" %lld", (long long)regions);
	*first = false;
}

/* "slab (dentry) 7, slab 1": what has no name follows what has one. */
static void print_entry(bool *first, json_t *entry)
{
	const char *reason = ctl_get_string(entry, "reason");
	json_int_t left = ctl_get_integer(entry, "regions");
	json_t *details = ctl_get(entry, "details");
	json_t *detail;
	size_t i;

	json_array_foreach(details, i, detail) {
		json_int_t regions = ctl_get_integer(detail, "regions");

		if (i == MAX_NAMES)
			break;
		print_item(first, reason, ctl_get_string(detail, "name"),
			   regions);
		left -= regions;
	}
	print_item(first, reason, i == MAX_NAMES ? "others" : NULL, left);
}

/* All of it in one line, when there is more to say than the lines below do. */
static void print_sum(json_t *shortfall)
{
	bool any_details = false;
	json_int_t regions = 0;
	bool first = true;
	json_t *entry;
	size_t i;

	json_array_foreach(shortfall, i, entry) {
		regions += ctl_get_integer(entry, "regions");
		any_details = any_details || ctl_get(entry, "details") != NULL;
	}
	if (json_array_size(shortfall) < 2 && !any_details)
		return;
	printf("  missing        %lld regions: ", (long long)regions);
	json_array_foreach(shortfall, i, entry) {
		print_entry(&first, entry);
	}
	putchar('\n');
}

void ctl_shortfall_print(json_t *shortfall)
{
	json_t *entry;
	size_t i;

	print_sum(shortfall);
	json_array_foreach(shortfall, i, entry) {
		const char *reason = ctl_get_string(entry, "reason");

		printf("  missing %6lld  %-5s  %-14s %s\n",
		       (long long)ctl_get_integer(entry, "regions"),
		       ctl_get_string(entry, "side"), reason,
		       find_advice(reason));
	}
}
