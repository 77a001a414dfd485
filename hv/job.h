/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thing that a client wants done with one guest, from its beginning to
 * its answer. job.c has what all have in common; each kind has its own file.
 */
#ifndef CONTIG_HV_JOB_H
#define CONTIG_HV_JOB_H

#include <jansson.h>
#include <stdint.h>

#include "hv/command.h"
#include "hv/guest.h"
#include "hv/host_task.h"
#include "hv/ram_read.h"

struct job;

struct job_client {
	/* @progress is borrowed. */
	void (*progress)(void *userdata, json_t *progress);
	/*
	 * The job is over and gone. @answer is borrowed; it or @failure is
	 * NULL. @exit is contigctl's exit status.
	 */
	void (*done)(void *userdata, enum exit_status exit, json_t *answer,
		     const struct failure *failure);
};

/**
 * job_start() - begin
 * @client, @userdata: called from the loop, never from inside job_start().
 *
 * Return: 0, or a negative errno with @ret_failure.
 */
int job_start(struct guest *guest, const struct command *command,
	      const struct job_client *client, void *userdata,
	      struct job **ret_job, struct failure *ret_failure);

/*
 * The job shall end soon; what it made in the guest is given back. done()
 * follows, or is called from inside.
 */
void job_cancel(struct job *job);

/* Nobody wants the answer: as job_cancel(), but done() isn't called. */
void job_abandon(struct job *job);

#endif
