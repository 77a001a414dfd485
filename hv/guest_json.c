// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/guest_json.h"

static json_t *agent_to_json(const struct guest *guest)
{
	const struct message_hello_reply *hello;
	const struct session_counts *counts;
	const struct frame_stats *stats;

	if (guest->session == NULL)
		return json_null();
	hello = session_hello(guest->session);
	counts = session_counts(guest->session);
	stats = session_frame_stats(guest->session);
	return json_pack(
		"{s:s, s:b, s:s?, s:i, s:s, s:{s:I, s:I, s:I, s:I, s:I, s:I, "
		"s:I}}",
		"state", session_state_name(session_state(guest->session)),
		"answers", hello != NULL, "version",
		hello != NULL ? hello->agent_version : NULL, "kernel_api",
		hello != NULL ? (int)hello->kernel_api : 0, "socket",
		guest->agent_path, "counts", "sessions",
		(json_int_t)counts->sessions, "faults",
		(json_int_t)counts->faults, "frames",
		(json_int_t)stats->frames, "dropped_frames",
		(json_int_t)counts->dropped_frames, "garbage_bytes",
		(json_int_t)stats->garbage_bytes, "bad_headers",
		(json_int_t)stats->bad_headers, "bad_payloads",
		(json_int_t)stats->bad_payloads);
}

json_t *guest_to_json(const struct guest *guest)
{
	const struct process *process = qmp_process(guest->qmp);

	return json_pack("{s:s, s:{s:s, s:i, s:s}, s:o}", "name", guest->name,
			 "qemu", "state",
			 qmp_state_name(qmp_state(guest->qmp)), "pid",
			 process != NULL ? (int)process->pid : 0, "socket",
			 guest->qmp_path, "agent", agent_to_json(guest));
}
