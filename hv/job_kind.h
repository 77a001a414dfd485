/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a job: for job.c and the files job_*.c alone. */
#ifndef CONTIG_HV_JOB_KIND_H
#define CONTIG_HV_JOB_KIND_H

#include "hv/job.h"

/* A kind of job; state is the kind's own. */
struct job_kind {
	size_t state_bytes;
	/* Fails before anything is done where the guest has none. */
	bool needs_agent;
	/* Others wait for it instead of being refused. */
	bool is_short;
	/* May run without the agent while another job has it. */
	bool shares;
	/* The RAM map was read; go on from here. */
	void (*start)(struct job *job);
	/* job->cancelled was set after start(). */
	void (*cancel)(struct job *job);
	/* Frees what state points to. */
	void (*clean)(struct job *job);
};

struct job {
	const struct job_kind *kind;
	struct guest *guest;
	struct command command;
	const struct job_client *client; /* NULL: abandoned */
	void *client_userdata;
	struct job *next_waiting;
	bool exclusive; /* it is guest->job */
	bool sharing; /* it is one of guest->nr_sharing */
	bool started; /* kind->start() was called */
	bool cancelled;
	uint64_t start_ns;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	sd_event_source *begin; /* starts the job from the loop */
	sd_event_source *ticker; /* progress of the host's part */
	struct ram_read *ram_read;
	struct rammap *map;
	struct host_task *host_task; /* running */
	size_t host_progress;
	struct process *process; /* a reference */
	void (*kvm_reply)(struct job *job, json_t *kvm);
	void *state;
};

extern const struct job_kind job_kind_request;
extern const struct job_kind job_kind_release;
extern const struct job_kind job_kind_back;
extern const struct job_kind job_kind_status;
extern const struct job_kind job_kind_map;

/* Both end the job: it must not be touched afterwards. */
void job_succeed(struct job *job, enum exit_status exit, json_t *answer);
void job_fail(struct job *job, const struct failure *failure);

/* Why a job fails whose QEMU ended. */
void job_set_qemu_ended(const struct job *job, struct failure *ret_failure);

void job_progress(struct job *job, const char *phase, uint64_t done,
		  uint64_t total);

/* Reports progress of the running host task until it ends. */
void job_watch_host_task(struct job *job);

/* "0x40000000"; takes no part in ownership. Return: a new reference. */
json_t *job_hex(uint64_t value);

/**
 * job_ask_kvm() - what KVM has mapped, as QEMU tells it
 * @reply: gets an object for "kvm", or NULL when QEMU can't tell; borrowed.
 *	May be called from inside, and may end the job.
 */
void job_ask_kvm(struct job *job, void (*reply)(struct job *job, json_t *kvm));

#endif
