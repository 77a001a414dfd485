// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request has come to, as contigctl gets it. */
#include "hv/job_request.h"

#include "hv/clock.h"

static json_t *region_to_json(const struct job *job, uint32_t i)
{
	const struct request *request = job->state;
	const struct message_region *region = &request->regions[i];
	bool held = job->command.into == COMMAND_INTO_HOLD && !request->release;
	json_t *node;

	if (request->looked && request->nodes[i] >= 0)
		node = json_integer(request->nodes[i]);
	else
		node = json_null();
	return json_pack("{s:I, s:o, s:I, s:s, s:o, s:b, s:i, s:o}", "id",
			 (json_int_t)region->id, "gpa",
			 job_hex(gfn_to_gpa(region->gfn).v), "size",
			 (json_int_t)order_to_bytes(region->order), "state",
			 held ? "held" : "free", "hva",
			 job_hex(request->hvas[i].v), "backed",
			 request->looked && request->reasons[i] == BACK_FINE,
			 "guest_node", region->nid, "host_node", node);
}

/* Return: a new reference; NULL when there are none for that reason. */
static json_t *details_to_json(const struct message_details *details,
			       uint32_t reason)
{
	json_t *list = NULL;
	uint32_t i;

	for (i = 0; i < details->count; i++) {
		const struct message_detail *detail = &details->details[i];

		if (detail->reason != reason)
			continue;
		if (list == NULL)
			list = json_array();
		json_array_append_new(list,
				      json_pack("{s:s, s:I}", "name",
						detail->name, "regions",
						(json_int_t)detail->regions));
	}
	return list;
}

/* @details: may be NULL; taken over. */
static void add_shortfall(json_t *list, const char *side, const char *reason,
			  uint64_t regions, json_t *details)
{
	if (regions == 0) {
		json_decref(details);
		return;
	}
	json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:o*}", "side",
					      side, "reason", reason, "regions",
					      (json_int_t)regions, "details",
					      details));
}

/* Is it the first of that reason? What goes with a reason is said once. */
static bool is_first(const struct message_answer *answer, uint32_t i)
{
	uint32_t j;

	for (j = 0; j < i; j++) {
		if (answer->shortfall[j].reason == answer->shortfall[i].reason)
			return false;
	}
	return true;
}

static json_t *shortfall_to_json(const struct job *job)
{
	const struct request *request = job->state;
	const struct message_answer *answer = &request->answer;
	uint64_t counts[BACK_NR_REASONS] = { 0 };
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < answer->nr_shortfall; i++) {
		uint32_t reason = answer->shortfall[i].reason;

		add_shortfall(list, "guest", message_reason_name(reason),
			      answer->shortfall[i].regions,
			      is_first(answer, i) ?
				      details_to_json(&request->details,
						      reason) :
				      NULL);
	}
	if (job->command.dry_run)
		return list;
	for (i = 0; i < request->nr_regions; i++)
		counts[request->looked ? request->reasons[i] :
					 BACK_CANCELLED]++;
	for (i = BACK_FINE + 1; i < BACK_NR_REASONS; i++)
		add_shortfall(list, "host",
			      back_reason_name((enum back_reason)i), counts[i],
			      NULL);
	return list;
}

json_t *job_request_answer(const struct job *job)
{
	const struct request *request = job->state;
	const struct command *command = &job->command;
	const struct message_answer *answer = &request->answer;
	const char *evidence = NULL;
	json_t *regions = json_array();
	json_t *work;
	uint32_t i;

	for (i = 0; i < request->nr_regions; i++)
		json_array_append_new(regions, region_to_json(job, i));
	if (request->looked)
		evidence = request->hugetlb ?
				   "hugetlb" :
				   evidence_method_name(request->method);
	work = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "moves_tried",
			 (json_int_t)answer->moves_tried, "moves_done",
			 (json_int_t)answer->moves_done, "bytes_copied",
			 (json_int_t)answer->bytes_copied, "pages_scanned",
			 (json_int_t)answer->pages_scanned, "pages_reclaimed",
			 (json_int_t)request->details.pages_reclaimed,
			 "guest_ns", (json_int_t)answer->guest_ns, "host_ns",
			 (json_int_t)request->host_ns);
	return json_pack(
		"{s:i, s:s, s:I, s:I, s:I, s:I, s:s?, s:O?, s:o, s:o, s:o, "
		"s:I, s:s, s:s, s:b, s:b}",
		"version", 1, "guest", job->guest->name, "size",
		(json_int_t)order_to_bytes(command->order), "requested",
		(json_int_t)command->count, "made", (json_int_t)answer->made,
		"backed", (json_int_t)request->backed, "evidence", evidence,
		"kvm", request->kvm, "regions", regions, "work", work,
		"shortfall", shortfall_to_json(job), "elapsed_ns",
		(json_int_t)(clock_now_ns() - job->start_ns), "strategy",
		command_strategy_name(command->strategy), "into",
		command_into_name(command->into), "dry_run", command->dry_run,
		"cancelled", job->cancelled);
}
