// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/ctl_shortfall.h"

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

void ctl_shortfall_print(json_t *shortfall)
{
	json_t *entry;
	size_t i;

	json_array_foreach(shortfall, i, entry) {
		const char *reason = ctl_get_string(entry, "reason");

		printf("  missing %6lld  %-5s  %-14s %s\n",
		       (long long)ctl_get_integer(entry, "regions"),
		       ctl_get_string(entry, "side"), reason,
		       find_advice(reason));
	}
}
