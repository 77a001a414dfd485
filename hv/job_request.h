/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a request: for the files job_request*.c alone. */
#ifndef CONTIG_HV_JOB_REQUEST_H
#define CONTIG_HV_JOB_REQUEST_H

#include "hv/job_kind.h"

enum request_state {
	/* Nothing was sent to the guest yet. */
	REQUEST_BEGIN,
	/* The guest makes regions, or plans. CANCEL can be sent. */
	REQUEST_MAKE,
	/* The guest touches what it made. CANCEL can be sent. */
	REQUEST_TOUCH,
	/* The host task runs; the guest is not talked to. */
	REQUEST_BACK,
	/* QEMU is asked for KVM's counters, while the regions are held. */
	REQUEST_KVM,
	/* HOLD or RELEASE. Cancelled, or when HOLD fails, RELEASE follows. */
	REQUEST_KEEP,
	REQUEST_NR_STATES,
};

struct request {
	enum request_state state;
	/* What REGIONS frames brought; checked as a whole at the end. */
	struct message_region *regions; /* room for all that are asked for */
	uint32_t nr_regions;
	uint32_t nr_done; /* ids sent in TOUCH, HOLD, RELEASE */
	uint32_t nr_sent; /* ids in the message under way */
	struct message_answer answer;
	bool have_details;
	struct message_details details; /* all zero: none came */
	/* One for each region. */
	enum back_reason *reasons;
	struct hva *hvas;
	int *nodes; /* negative: unknown, or pieces of it on several */
	uint32_t backed;
	bool looked;
	enum evidence_method method;
	bool hugetlb;
	uint64_t host_ns;
	json_t *kvm;
	bool release; /* in KEEP: although a hold was asked for */
	bool may_hold; /* HOLD was sent, and no RELEASE has ended since */
	bool failed; /* in KEEP: fail with this afterwards */
	struct failure failure;
	struct message message; /* the one to be sent */
};

/* The answer for contigctl. Return: a new reference, or NULL without memory. */
json_t *job_request_answer(const struct job *job);

/**
 * job_request_check_map() - can a huge page stand behind what is asked for?
 *
 * Before anything is sent. Return: no; request->failure says why.
 */
bool job_request_check_map(struct job *job);

/*
 * Can the guest's kernel make regions of that size, as far as its agent has
 * said? Before anything is sent. Return: no; request->failure says why.
 */
bool job_request_check_hello(struct job *job);

/**
 * job_request_check_regions() - hold what the guest made against the rules
 *
 * Also finds each region's place in QEMU and makes room for the results. The
 * regions stay the agent's in any case. Return: 0; -EBADMSG when the guest
 * broke the rules and is faulty now, -ENOMEM; both with request->failure.
 */
int job_request_check_regions(struct job *job);

#endif
