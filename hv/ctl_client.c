// SPDX-License-Identifier: GPL-2.0-or-later
/* One command and its answer over contigd's socket. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "hv/clock.h"
#include "hv/ctl.h"
#include "hv/ctl_progress.h"
#include "hv/unix_socket.h"

/* An answer with a map of 16384 cells has some MiB. */
#define CTL_MAX_ANSWER_BYTES (64 * 1024 * 1024)
/* Many clients at once fill contigd's queue for a moment. */
#define CTL_CONNECT_MS 2000
/* After an interrupt: the guest has 10 s to stop, then is given up. */
#define CTL_CANCEL_NS (45 * NS_PER_S)

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = interrupted + 1;
}

struct conversation {
	const struct ctl *ctl;
	int fd;
	char *in;
	size_t in_bytes;
	size_t in_capacity;
	bool cancelled;
	uint64_t deadline_ns;
};

static int unreachable(const struct ctl *ctl, const char *text)
{
	ctl_progress_clear();
	ctl_error("contigd on %s: %s; start contigd, or name its socket by "
		  "--socket PATH",
		  ctl->socket, text);
	return EXIT_UNREACHABLE;
}

static int send_json(int fd, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	size_t length;
	size_t sent = 0;
	ssize_t n;

	if (text == NULL)
		return -ENOMEM;
	length = strlen(text);
	text[length++] = '\n';
	while (sent < length) {
		n = send(fd, text + sent, length - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return -errno;
		}
		sent += (size_t)n;
	}
	free(text);
	return 0;
}

/* Return: 0 when something came, -EINTR after a signal, or what went wrong. */
static int receive(struct conversation *talk, const sigset_t *mask)
{
	struct pollfd poll_fd = { .fd = talk->fd, .events = POLLIN };
	uint64_t now_ns = clock_now_ns();
	struct timespec wait = { 0 };
	ssize_t got;
	int r;

	if (now_ns >= talk->deadline_ns)
		return -ETIMEDOUT;
	wait.tv_sec = (time_t)((talk->deadline_ns - now_ns) / NS_PER_S) + 1;
	/* Signals are let in only here, so none is missed. */
	r = ppoll(&poll_fd, 1, &wait, mask);
	if (r < 0)
		return -errno;
	if (r == 0)
		return 0;
	if (talk->in_bytes == talk->in_capacity) {
		size_t capacity = talk->in_capacity * 2 + 4096;
		char *in;

		if (capacity > CTL_MAX_ANSWER_BYTES)
			return -EMSGSIZE;
		in = realloc(talk->in, capacity);
		if (in == NULL)
			return -ENOMEM;
		talk->in = in;
		talk->in_capacity = capacity;
	}
	got = recv(talk->fd, talk->in + talk->in_bytes,
		   talk->in_capacity - talk->in_bytes, 0);
	if (got < 0)
		return -errno;
	if (got == 0)
		return -ECONNRESET;
	talk->in_bytes += (size_t)got;
	return 0;
}

/* Return: -1, or the exit status of the last line. */
static int take_line(const char *text, size_t bytes, json_t **ret_answer)
{
	json_error_t error;
	json_t *line = json_loadb(text, bytes, 0, &error);
	json_t *progress = json_object_get(line, "progress");
	json_t *answer = json_object_get(line, "answer");
	json_t *exit = json_object_get(line, "exit");
	int status = -1;

	if (json_is_object(progress)) {
		ctl_progress_show(
			ctl_get_string(progress, "phase"),
			(uint64_t)ctl_get_integer(progress, "done"),
			(uint64_t)ctl_get_integer(progress, "total"));
	} else if (json_is_integer(exit) &&
		   json_integer_value(exit) >= EXIT_REACHED &&
		   json_integer_value(exit) <= EXIT_UNREACHABLE) {
		ctl_progress_clear();
		status = (int)json_integer_value(exit);
		if (json_is_object(answer))
			*ret_answer = json_incref(answer);
		else
			ctl_error("%s", ctl_get_string(line, "error"));
	} else {
		ctl_progress_clear();
		ctl_error("contigd's answer can't be understood; use the "
			  "contigctl that belongs to this contigd");
		status = EXIT_FAILED;
	}
	json_decref(line);
	return status;
}

static int take_lines(struct conversation *talk, json_t **ret_answer)
{
	int status = -1;
	char *end;

	while (status < 0 && talk->in_bytes > 0 &&
	       (end = memchr(talk->in, '\n', talk->in_bytes)) != NULL) {
		size_t length = (size_t)(end - talk->in);

		status = take_line(talk->in, length, ret_answer);
		talk->in_bytes -= length + 1;
		memmove(talk->in, end + 1, talk->in_bytes);
	}
	return status;
}

/* Return: -1 to go on waiting, or the exit status. */
static int stop_work(struct conversation *talk)
{
	json_t *cancel;
	int r;

	if (talk->cancelled) {
		/* contigd gives back what was made all the same. */
		ctl_progress_clear();
		ctl_error("interrupted without waiting for the guest");
		return EXIT_FAILED;
	}
	talk->cancelled = true;
	talk->deadline_ns = clock_now_ns() + CTL_CANCEL_NS;
	interrupted = 0;
	cancel = json_pack("{s:s}", "command", "cancel");
	r = cancel != NULL ? send_json(talk->fd, cancel) : -ENOMEM;
	json_decref(cancel);
	return r < 0 ? unreachable(talk->ctl, strerror(-r)) : -1;
}

static int wait_for_answer(struct conversation *talk, bool interrupts,
			   const sigset_t *mask, json_t **ret_answer)
{
	int status = -1;
	int r;

	while (status < 0) {
		r = receive(talk, mask);
		if (r == -EINTR && interrupts && interrupted > 0)
			status = stop_work(talk);
		else if (r == -EINTR || r == -EAGAIN)
			continue;
		else if (r < 0)
			status = unreachable(talk->ctl, strerror(-r));
		else
			status = take_lines(talk, ret_answer);
	}
	return status;
}

int ctl_ask(const struct ctl *ctl, json_t *command, bool interrupts,
	    json_t **ret_answer)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct conversation talk = { .ctl = ctl };
	sigset_t blocked;
	sigset_t mask;
	int status;
	int r;

	*ret_answer = NULL;
	if (command == NULL) {
		ctl_error("out of memory");
		return EXIT_FAILED;
	}
	if (ctl_progress_wanted())
		json_object_set_new(command, "progress", json_true());
	/* Blocking: a command may be larger than the socket's buffer. */
	talk.fd = unix_connect_wait(ctl->socket, CTL_CONNECT_MS);
	if (talk.fd < 0) {
		json_decref(command);
		return unreachable(ctl, strerror(-talk.fd));
	}
	sigemptyset(&blocked);
	if (interrupts) {
		sigaddset(&blocked, SIGINT);
		sigaddset(&blocked, SIGTERM);
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &mask);
	talk.deadline_ns = clock_now_ns() + ctl->limit_ns;
	r = send_json(talk.fd, command);
	json_decref(command);
	/* What contigd said before it hung up says more than the error. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		status = unreachable(ctl, strerror(-r));
	else
		status = wait_for_answer(&talk, interrupts, &mask, ret_answer);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(talk.fd);
	free(talk.in);
	return status;
}
