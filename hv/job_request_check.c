// SPDX-License-Identifier: GPL-2.0-or-later
/* What is checked of a request: first the host's memory, then the guest's word.
 */
#include "hv/job_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "hv/region_check.h"
#include "hv/units.h"

/* Is what the guest says of its own work possible at all? */
static bool answer_adds_up(const struct job *job,
			   const struct message_answer *answer)
{
	const struct request *request = job->state;
	uint64_t missing = 0;
	uint32_t i;

	for (i = 0; i < request->details.count; i++) {
		if (!message_detail_fits(answer, &request->details, i))
			return false;
	}
	for (i = 0; i < answer->nr_shortfall; i++)
		missing += answer->shortfall[i].regions;
	return answer->requested == job->command.count &&
	       answer->made <= answer->requested &&
	       missing == answer->requested - answer->made &&
	       (job->command.dry_run || answer->made == request->nr_regions);
}

int job_request_check_regions(struct job *job)
{
	struct request *request = job->state;
	const struct command *command = &job->command;
	struct region_rules rules = {
		.order = command->order,
		.max_count = command->count,
		.nid = command->nid,
		.first_gfn = gpa_to_gfn(command->range_start),
		.nr_gfns = command->range_bytes >> CONTIG_PAGE_SHIFT,
	};
	const struct ram_range *range;
	const char *text;
	uint32_t culprit = 0;
	uint32_t i;
	int verdict;

	if (!answer_adds_up(job, &request->answer)) {
		session_fault(job->guest->session, &request->failure,
			      "the figures of its answer don't add up");
		return -EBADMSG;
	}
	verdict = region_check(&rules, job->map, request->regions,
			       request->nr_regions, &culprit);
	if (verdict == -ENOMEM) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: out of memory", job->guest->name);
		return -ENOMEM;
	}
	if (verdict != REGION_FINE) {
		text = region_verdict_text((enum region_verdict)verdict);
		session_fault(job->guest->session, &request->failure,
			      "region %" PRIu32 " at gfn 0x%" PRIx64 " %s",
			      culprit, request->regions[culprit].gfn.v, text);
		return -EBADMSG;
	}
	request->reasons =
		calloc(request->nr_regions + 1, sizeof(*request->reasons));
	request->hvas = calloc(request->nr_regions + 1, sizeof(*request->hvas));
	request->nodes =
		calloc(request->nr_regions + 1, sizeof(*request->nodes));
	if (request->reasons == NULL || request->hvas == NULL ||
	    request->nodes == NULL) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: out of memory", job->guest->name);
		return -ENOMEM;
	}
	for (i = 0; i < request->nr_regions; i++) {
		struct gpa gpa = gfn_to_gpa(request->regions[i].gfn);

		range = rammap_find(job->map, gpa,
				    order_to_bytes(command->order));
		/* region_check() has found it before. */
		request->hvas[i] = rammap_hva(range, gpa);
	}
	return 0;
}

bool job_request_check_hello(struct job *job)
{
	struct request *request = job->state;
	uint8_t order = job->command.order;
	const struct message_hello_reply *hello =
		session_hello(job->guest->session);
	char smallest[UNITS_TEXT_BYTES];
	char largest[UNITS_TEXT_BYTES];

	/* Not known yet: the agent's own refusal will do. */
	if (hello == NULL || hello->kernel_api == 0 ||
	    (order >= hello->min_order && order <= hello->max_order))
		return true;
	units_format_bytes(order_to_bytes(hello->min_order), smallest);
	units_format_bytes(order_to_bytes(hello->max_order), largest);
	if (hello->min_order == hello->max_order)
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: its kernel makes regions of %s only; "
			    "use --size %juM",
			    job->guest->name, largest,
			    (uintmax_t)(order_to_bytes(hello->max_order) >>
					20));
	else
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: its kernel makes regions of %s to %s; "
			    "use such a --size",
			    job->guest->name, smallest, largest);
	return false;
}

bool job_request_check_map(struct job *job)
{
	struct request *request = job->state;
	const struct command *command = &job->command;
	uint64_t bytes = command->range_bytes != 0 ? command->range_bytes :
						     UINT64_C(1) << 52;
	const struct ram_range *range;
	unsigned int i;
	bool in_ram = false;

	for (i = 0; i < job->map->count; i++) {
		range = &job->map->ranges[i];
		in_ram = in_ram ||
			 (range->gpa.v < command->range_start.v + bytes &&
			  command->range_start.v < range->gpa.v + range->bytes);
	}
	if (!in_ram) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: the range 0x%" PRIx64 "-0x%" PRIx64
			    " holds no RAM of this guest; 'contigctl map %s' "
			    "shows where its RAM is",
			    job->guest->name, command->range_start.v,
			    command->range_start.v + bytes, job->guest->name);
		return false;
	}
	range = rammap_first_incongruent(job->map, command->range_start, bytes);
	if (range != NULL) {
		failure_set(&request->failure, EXIT_FAILED,
			    "guest %s: RAM at 0x%" PRIx64 " (%s) is mapped at "
			    "0x%" PRIx64
			    ", which does not agree with it modulo 2 "
			    "MiB, so no huge page can stand behind it; use "
			    "memory-backend-ram or memory-backend-file with "
			    "align=2M instead of memory-backend-memfd",
			    job->guest->name, range->gpa.v, range->block,
			    range->hva.v);
		return false;
	}
	return true;
}
