// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/qmp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hv/clock.h"
#include "hv/qmp_line.h"
#include "hv/retry.h"
#include "hv/unix_socket.h"

/* A command of contig's is far shorter. */
#define QMP_OUT_BYTES 4096
#define QMP_FIRST_IN_BYTES 4096
/* A monitor that serves somebody else accepts and says nothing. */
#define QMP_GREETING_NS (3 * NS_PER_S)

struct qmp_command {
	uint64_t id; /* 0: the slot is free */
	char *text; /* not sent yet; a whole line */
	qmp_reply_fn *reply; /* NULL: nobody waits any more */
	void *userdata;
	uint64_t deadline_ns;
};

struct qmp {
	sd_event *event;
	char *path;
	const struct qmp_events *events;
	void *userdata;
	enum qmp_state state;
	int fd;
	sd_event_source *io;
	sd_event_source *timer;
	struct retry retry;
	uint64_t state_deadline_ns; /* of greeting and negotiation */
	struct process *process;
	uint64_t last_id;
	uint64_t negotiation_id;
	struct qmp_command commands[QMP_MAX_COMMANDS];
	/* Received and not yet taken; grows up to QMP_MAX_LINE_BYTES. */
	char *in;
	size_t in_bytes;
	size_t in_capacity;
	size_t in_searched; /* no newline before this */
	char out[QMP_OUT_BYTES];
	size_t out_start;
	size_t out_end;
};

static const char *const state_names[] = {
	[QMP_DOWN] = "down",
	[QMP_GREETING] = "greeting",
	[QMP_NEGOTIATING] = "negotiating",
	[QMP_READY] = "ready",
};

static_assert(sizeof(state_names) / sizeof(state_names[0]) == QMP_NR_STATES,
	      "each state has a name");

const char *qmp_state_name(enum qmp_state state)
{
	return state_names[state];
}

static void set_state(struct qmp *qmp, enum qmp_state state, int error)
{
	qmp->state = state;
	if (qmp->events != NULL && qmp->events->changed != NULL)
		qmp->events->changed(qmp->userdata, state, error);
}

static void end_command(struct qmp_command *command, int error,
			json_t *result)
{
	qmp_reply_fn *reply = command->reply;
	void *userdata = command->userdata;

	/* The slot is free before the callback, which may want it. */
	free(command->text);
	*command = (struct qmp_command){ 0 };
	if (reply != NULL)
		reply(userdata, error, result);
}

/* The earliest of all deadlines; fires at once when there is one to take. */
static void arm_timer(struct qmp *qmp)
{
	uint64_t at_ns = UINT64_MAX;
	int i;

	if (qmp->state != QMP_READY)
		at_ns = qmp->state_deadline_ns;
	for (i = 0; i < QMP_MAX_COMMANDS; i++) {
		if (qmp->commands[i].id != 0 &&
		    qmp->commands[i].deadline_ns < at_ns)
			at_ns = qmp->commands[i].deadline_ns;
	}
	if (at_ns == UINT64_MAX) {
		sd_event_source_set_enabled(qmp->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(qmp->timer, at_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(qmp->timer, SD_EVENT_ONESHOT);
}

static void disconnect(struct qmp *qmp, int error)
{
	int i;

	qmp->io = sd_event_source_disable_unref(qmp->io);
	if (qmp->fd >= 0)
		close(qmp->fd);
	qmp->fd = -1;
	process_unref(qmp->process);
	qmp->process = NULL;
	free(qmp->in);
	qmp->in = NULL;
	qmp->in_bytes = 0;
	qmp->in_capacity = 0;
	qmp->in_searched = 0;
	qmp->out_start = 0;
	qmp->out_end = 0;
	qmp->state_deadline_ns = clock_now_ns() + retry_next_ns(&qmp->retry);
	set_state(qmp, QMP_DOWN, error);
	for (i = 0; i < QMP_MAX_COMMANDS; i++) {
		if (qmp->commands[i].id != 0)
			end_command(&qmp->commands[i], error, NULL);
	}
	arm_timer(qmp);
}

static int flush(struct qmp *qmp)
{
	ssize_t sent;

	while (qmp->out_start < qmp->out_end) {
		sent = send(qmp->fd, qmp->out + qmp->out_start,
			    qmp->out_end - qmp->out_start, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return sd_event_source_set_io_events(
				qmp->io, EPOLLIN | EPOLLOUT);
		if (sent < 0)
			return -errno;
		qmp->out_start += (size_t)sent;
	}
	qmp->out_start = 0;
	qmp->out_end = 0;
	return sd_event_source_set_io_events(qmp->io, EPOLLIN);
}

/* Moves waiting commands into the output, as many as fit. */
static int send_commands(struct qmp *qmp)
{
	int i;

	for (i = 0; i < QMP_MAX_COMMANDS; i++) {
		struct qmp_command *command = &qmp->commands[i];
		size_t length;

		if (command->text == NULL)
			continue;
		if (qmp->state != QMP_READY &&
		    command->id != qmp->negotiation_id)
			continue;
		length = strlen(command->text);
		if (length > sizeof(qmp->out) - qmp->out_end)
			continue;
		memcpy(qmp->out + qmp->out_end, command->text, length);
		qmp->out_end += length;
		free(command->text);
		command->text = NULL;
	}
	return flush(qmp);
}

static int add_command(struct qmp *qmp, const char *name, json_t *arguments,
		       qmp_reply_fn *reply, void *userdata, uint64_t *ret_id)
{
	struct qmp_command *command = NULL;
	json_t *object;
	char *text;
	size_t length;
	int i;

	for (i = 0; i < QMP_MAX_COMMANDS && command == NULL; i++) {
		if (qmp->commands[i].id == 0)
			command = &qmp->commands[i];
	}
	if (command == NULL) {
		json_decref(arguments);
		return -EBUSY;
	}
	object = json_pack("{s:s, s:I, s:o*}", "execute", name, "id",
			   (json_int_t)(qmp->last_id + 1), "arguments",
			   arguments);
	if (object == NULL)
		return -ENOMEM;
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (text == NULL)
		return -ENOMEM;
	length = strlen(text);
	if (length + 1 > QMP_OUT_BYTES) {
		free(text);
		return -EMSGSIZE;
	}
	text[length] = '\n'; /* in place of the NUL, which follows below */
	command->text = malloc(length + 2);
	if (command->text == NULL) {
		free(text);
		return -ENOMEM;
	}
	memcpy(command->text, text, length + 1);
	command->text[length + 1] = '\0';
	free(text);
	command->id = ++qmp->last_id;
	command->reply = reply;
	command->userdata = userdata;
	command->deadline_ns = clock_now_ns() + QMP_TIMEOUT_NS;
	*ret_id = command->id;
	return 0;
}

static void on_negotiated(void *userdata, int error, json_t *result)
{
	struct qmp *qmp = userdata;

	(void)result;
	if (error == -EREMOTEIO) {
		disconnect(qmp, -EPROTO);
		return;
	}
	if (error < 0)
		return; /* the connection is down already, or goes down */
	retry_reset(&qmp->retry);
	set_state(qmp, QMP_READY, 0);
}

static int take_greeting(struct qmp *qmp)
{
	pid_t pid;
	int r;

	/* Now that QEMU has spoken, who listens there is alive. */
	r = unix_peer_pid(qmp->fd, &pid);
	if (r < 0)
		return r;
	r = process_open(pid, &qmp->process);
	if (r < 0)
		return r;
	set_state(qmp, QMP_NEGOTIATING, 0);
	return add_command(qmp, "qmp_capabilities", NULL, on_negotiated, qmp,
			   &qmp->negotiation_id);
}

static int take_line(struct qmp *qmp, const char *text, size_t bytes)
{
	struct qmp_line line;
	int r = 0;
	int i;

	r = qmp_line_parse(text, bytes, &line);
	if (r < 0)
		return r;
	switch (line.kind) {
	case QMP_LINE_OTHER:
		break;
	case QMP_LINE_GREETING:
		r = qmp->state == QMP_GREETING ? take_greeting(qmp) : -EPROTO;
		break;
	case QMP_LINE_RETURN:
	case QMP_LINE_ERROR:
		for (i = 0; i < QMP_MAX_COMMANDS; i++) {
			struct qmp_command *command = &qmp->commands[i];

			if (line.id == 0 || command->id != line.id ||
			    command->text != NULL)
				continue;
			end_command(command,
				    line.kind == QMP_LINE_ERROR ? -EREMOTEIO :
								  0,
				    line.result);
			break;
		}
		break;
	}
	json_decref(line.document);
	return r;
}

/* Return: -ECONNRESET when a callback has disconnected meanwhile. */
static int take_lines(struct qmp *qmp)
{
	size_t start = 0;
	int fd = qmp->fd;
	int r;

	for (;;) {
		char *line = qmp->in + start;
		char *end;

		end = memchr(qmp->in + qmp->in_searched, '\n',
			     qmp->in_bytes - qmp->in_searched);
		if (end == NULL)
			break;
		qmp->in_searched = (size_t)(end - qmp->in) + 1;
		start = qmp->in_searched;
		if (end - line > 1) {
			r = take_line(qmp, line, (size_t)(end - line));
			if (r < 0)
				return r;
			if (qmp->fd != fd || qmp->in == NULL)
				return 0;
		}
	}
	memmove(qmp->in, qmp->in + start, qmp->in_bytes - start);
	qmp->in_bytes -= start;
	qmp->in_searched = qmp->in_bytes;
	return 0;
}

static int fill(struct qmp *qmp)
{
	ssize_t got;

	if (qmp->in_bytes == qmp->in_capacity) {
		size_t capacity = qmp->in_capacity * 2 + QMP_FIRST_IN_BYTES;
		char *in;

		if (qmp->in_bytes >= QMP_MAX_LINE_BYTES)
			return -EMSGSIZE;
		in = realloc(qmp->in, capacity);
		if (in == NULL)
			return -ENOMEM;
		qmp->in = in;
		qmp->in_capacity = capacity;
	}
	got = recv(qmp->fd, qmp->in + qmp->in_bytes,
		   qmp->in_capacity - qmp->in_bytes, 0);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	qmp->in_bytes += (size_t)got;
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents,
		 void *userdata)
{
	struct qmp *qmp = userdata;
	int r = 0;

	(void)source;
	(void)fd;
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		r = fill(qmp);
		if (r == 0)
			r = take_lines(qmp);
	}
	if (r == 0 && qmp->fd >= 0)
		r = send_commands(qmp);
	if (r < 0 && qmp->fd >= 0)
		disconnect(qmp, r == -EPIPE ? -ECONNRESET : r);
	else if (qmp->fd >= 0)
		arm_timer(qmp);
	return 0;
}

static void try_connect(struct qmp *qmp)
{
	int fd;
	int r;

	fd = unix_connect(qmp->path);
	if (fd < 0) {
		disconnect(qmp, fd);
		return;
	}
	qmp->fd = fd;
	r = sd_event_add_io(qmp->event, &qmp->io, fd, EPOLLIN, on_io, qmp);
	if (r < 0) {
		disconnect(qmp, r);
		return;
	}
	qmp->state_deadline_ns = clock_now_ns() + QMP_GREETING_NS;
	set_state(qmp, QMP_GREETING, 0);
	arm_timer(qmp);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct qmp *qmp = userdata;
	uint64_t now_ns = clock_now_ns();
	bool late = false;
	int i;

	(void)source;
	(void)usec;
	for (i = 0; i < QMP_MAX_COMMANDS; i++) {
		if (qmp->commands[i].id != 0 &&
		    qmp->commands[i].deadline_ns <= now_ns) {
			late = true;
			end_command(&qmp->commands[i], -ETIMEDOUT, NULL);
		}
	}
	if (qmp->state == QMP_DOWN) {
		if (now_ns >= qmp->state_deadline_ns)
			try_connect(qmp);
	} else if (late || (qmp->state != QMP_READY &&
			    now_ns >= qmp->state_deadline_ns)) {
		/* Its late answer must not be taken for another's. */
		disconnect(qmp, -ETIMEDOUT);
	}
	arm_timer(qmp);
	return 0;
}

int qmp_new(sd_event *event, const char *path, const struct qmp_events *events,
	    void *userdata, struct qmp **ret_qmp)
{
	struct qmp *qmp;
	int r;

	qmp = calloc(1, sizeof(*qmp));
	if (qmp == NULL)
		return -ENOMEM;
	qmp->fd = -1;
	qmp->path = strdup(path);
	if (qmp->path == NULL) {
		free(qmp);
		return -ENOMEM;
	}
	r = sd_event_add_time(event, &qmp->timer, CLOCK_MONOTONIC, 0, 1000,
			      on_timer, qmp);
	if (r < 0) {
		free(qmp->path);
		free(qmp);
		return r;
	}
	qmp->event = event;
	qmp->events = events;
	qmp->userdata = userdata;
	*ret_qmp = qmp;
	return 0;
}

void qmp_free(struct qmp *qmp)
{
	int i;

	if (qmp == NULL)
		return;
	sd_event_source_disable_unref(qmp->timer);
	sd_event_source_disable_unref(qmp->io);
	if (qmp->fd >= 0)
		close(qmp->fd);
	process_unref(qmp->process);
	for (i = 0; i < QMP_MAX_COMMANDS; i++)
		free(qmp->commands[i].text);
	free(qmp->in);
	free(qmp->path);
	free(qmp);
}

int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments,
		qmp_reply_fn *reply, void *userdata)
{
	uint64_t id;
	int r;

	r = add_command(qmp, command, arguments, reply, userdata, &id);
	if (r < 0)
		return r;
	if (qmp->state == QMP_READY) {
		/* on_io() sends, so that no callback comes from in here. */
		sd_event_source_set_io_events(qmp->io, EPOLLIN | EPOLLOUT);
	} else if (qmp->state == QMP_DOWN) {
		qmp->state_deadline_ns = 0; /* somebody waits: try now */
	}
	arm_timer(qmp);
	return 0;
}

void qmp_forget(struct qmp *qmp, void *userdata)
{
	int i;

	for (i = 0; i < QMP_MAX_COMMANDS; i++) {
		struct qmp_command *command = &qmp->commands[i];

		if (command->userdata != userdata)
			continue;
		command->reply = NULL;
		if (command->text != NULL)
			end_command(command, 0, NULL);
	}
}

enum qmp_state qmp_state(const struct qmp *qmp)
{
	return qmp->state;
}

struct process *qmp_process(const struct qmp *qmp)
{
	return qmp->process;
}
