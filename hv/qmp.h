/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's monitor (QMP), asynchronously.
 *
 * The connection is kept, so that QEMU's end is seen at once; a monitor
 * serves one client at a time, so contigd wants one for itself.
 */
#ifndef CONTIG_HV_QMP_H
#define CONTIG_HV_QMP_H

#include <jansson.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "hv/process.h"

/* One line from QEMU: `info mtree -f` of a guest with hundreds of devices. */
#define QMP_MAX_LINE_BYTES (4 * 1024 * 1024)
/*
 * Commands not answered yet: one of the negotiation, one of each job that runs
 * (job.c bounds those), and those whose job was abandoned meanwhile.
 */
#define QMP_MAX_COMMANDS 16
/* An answer takes QEMU some ms, unless its main loop is stuck. */
#define QMP_TIMEOUT_NS (10 * NS_PER_S)

struct qmp;

/**
 * typedef qmp_reply_fn - a command has ended
 * @error: 0; -EREMOTEIO when QEMU refused (@result is its error object);
 *	-ETIMEDOUT; -ECONNRESET when the connection was lost; or why it could
 *	not be made (-ENOENT, -ECONNREFUSED, -EACCES, ...).
 * @result: what the command returned, borrowed; NULL on other errors.
 */
typedef void qmp_reply_fn(void *userdata, int error, json_t *result);

enum qmp_state {
	/* No connection; a timer leads to the next try. */
	QMP_DOWN,
	/* Connected; waiting for QEMU's greeting. No command may be sent. */
	QMP_GREETING,
	/* Greeted; waiting for the answer to qmp_capabilities. */
	QMP_NEGOTIATING,
	/* Commands are sent and answered. */
	QMP_READY,
	QMP_NR_STATES,
};

struct qmp_events {
	/* The state has changed; for logs. */
	void (*changed)(void *userdata, enum qmp_state state, int error);
};

int qmp_new(sd_event *event, const char *path, const struct qmp_events *events,
	    void *userdata, struct qmp **ret_qmp);
/* Ends commands without calling back. */
void qmp_free(struct qmp *qmp);

/**
 * qmp_execute() - have a command executed
 * @arguments: taken over, also on failure; may be NULL.
 *
 * Connects first when need be. @reply is called exactly once, never from
 * inside this function, unless this fails or qmp_free() comes first.
 *
 * Return: 0, -EBUSY when too many are under way, -ENOMEM.
 */
int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments,
		qmp_reply_fn *reply, void *userdata);

/*
 * Forgets the callbacks of all commands begun with @userdata, and the commands
 * themselves if they were not sent yet.
 */
void qmp_forget(struct qmp *qmp, void *userdata);

enum qmp_state qmp_state(const struct qmp *qmp);
const char *qmp_state_name(enum qmp_state state);

/**
 * qmp_process() - QEMU's process
 *
 * Known while the state is QMP_READY. Return: borrowed, or NULL.
 */
struct process *qmp_process(const struct qmp *qmp);

#endif
