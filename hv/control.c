// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client is bounded in what it sends (COMMAND_MAX_BYTES), in what waits to
 * be read by it (CONTROL_MAX_OUT_BYTES, beyond which it loses progress, then
 * its connection), in number, and in the time until its command is there.
 */
#include "hv/control.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hv/clock.h"
#include "hv/command.h"
#include "hv/guest_json.h"
#include "hv/job.h"
#include "hv/log.h"
#include "hv/pools.h"

/*
 * The longest answer is that of a request: 65536 regions of 159 bytes at most
 * with every number as long as it gets, 10 MiB, and 4 KiB around them.
 */
#define CONTROL_MAX_OUT_BYTES (16 * 1024 * 1024)
#define CONTROL_MAX_PROGRESS_BYTES (64 * 1024)
#define CONTROL_FIRST_IN_BYTES 4096
#define CONTROL_COMMAND_NS (10 * NS_PER_S)
/* When to accept again after that has failed. */
#define CONTROL_RESUME_NS NS_PER_S
/* How long an answer waits to be read. */
#define CONTROL_ANSWER_NS (30 * NS_PER_S)

struct client {
	struct control *control;
	struct client *next;
	int fd;
	sd_event_source *io;
	/* Until the command is there, and until its answer was read. */
	sd_event_source *timer;
	struct job *job; /* running */
	bool closing; /* the answer is in out; then the end */
	bool commanded;
	bool finished; /* it has said all that it will, and still listens */
	char *in;
	size_t in_bytes;
	size_t in_capacity;
	char *out;
	size_t out_start;
	size_t out_end;
	size_t out_capacity;
};

struct control {
	sd_event *event;
	int fd;
	sd_event_source *io;
	sd_event_source *resume; /* accepts again, after an error */
	struct registry *registry;
	unsigned int max_clients;
	unsigned int nr_clients;
	struct client *clients;
	struct log_limit log_limit;
};

static void client_free(struct client *client)
{
	struct control *control = client->control;
	struct client **link = &control->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	control->nr_clients--;
	/* A client that goes away interrupts what it asked for. */
	if (client->job != NULL)
		job_abandon(client->job);
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->timer);
	close(client->fd);
	free(client->in);
	free(client->out);
	free(client);
}

/* A half that was closed would wake the loop for ever. */
static int watch(struct client *client, bool out)
{
	uint32_t events = (client->finished ? 0 : EPOLLIN) |
			  (out ? EPOLLOUT : 0);

	return sd_event_source_set_io_events(client->io, events);
}

/* Return: 0; or a negative errno: the client is to be freed. */
static int flush(struct client *client)
{
	ssize_t sent;

	while (client->out_start < client->out_end) {
		sent = send(client->fd, client->out + client->out_start,
			    client->out_end - client->out_start, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return watch(client, true);
		if (sent < 0)
			return -errno;
		client->out_start += (size_t)sent;
	}
	client->out_start = 0;
	client->out_end = 0;
	if (client->closing)
		return -ESHUTDOWN;
	return watch(client, false);
}

/* Sent by on_client_io(), so nothing is freed from in here. */
static int queue(struct client *client, const char *text, size_t bytes)
{
	size_t waiting = client->out_end - client->out_start;

	if (bytes > CONTROL_MAX_OUT_BYTES - waiting)
		return -ENOBUFS;
	if (client->out_start > 0)
		memmove(client->out, client->out + client->out_start, waiting);
	client->out_start = 0;
	client->out_end = waiting;
	if (bytes > client->out_capacity - waiting) {
		char *out = realloc(client->out, waiting + bytes);

		if (out == NULL)
			return -ENOMEM;
		client->out = out;
		client->out_capacity = waiting + bytes;
	}
	memcpy(client->out + client->out_end, text, bytes);
	client->out_end += bytes;
	return watch(client, true);
}

static int queue_json(struct client *client, json_t *object)
{
	char *text;
	size_t length;
	int r;

	text = json_dumps(object, JSON_COMPACT);
	if (text == NULL)
		return -ENOMEM;
	length = strlen(text);
	text[length] = '\n'; /* queue() wants no NUL */
	r = queue(client, text, length + 1);
	free(text);
	return r;
}

/* The last line that this client gets. */
static void answer(struct client *client, enum exit_status exit,
		   json_t *result, const char *error)
{
	static const char too_long[] =
		"{\"exit\":1,\"error\":\"contigd: the answer is too long, or "
		"memory is short; ask for less at once\"}\n";
	json_t *line;
	int r = -ENOMEM;

	client->closing = true;
	sd_event_source_set_time_relative(client->timer,
					  CONTROL_ANSWER_NS / NS_PER_US);
	sd_event_source_set_enabled(client->timer, SD_EVENT_ONESHOT);
	if (result != NULL)
		line = json_pack("{s:i, s:O}", "exit", (int)exit, "answer",
				 result);
	else
		line = json_pack("{s:i, s:s}", "exit", (int)exit, "error",
				 error);
	if (line != NULL)
		r = queue_json(client, line);
	json_decref(line);
	if (r < 0)
		r = queue(client, too_long, sizeof(too_long) - 1);
	/* Then it sees only the end of the connection. */
	if (r < 0)
		watch(client, true);
}

static void on_progress(void *userdata, json_t *progress)
{
	struct client *client = userdata;
	json_t *line;

	/* Progress that nobody reads is dropped. */
	if (client->out_end - client->out_start > CONTROL_MAX_PROGRESS_BYTES)
		return;
	line = json_pack("{s:O}", "progress", progress);
	if (line != NULL)
		queue_json(client, line);
	json_decref(line);
}

static void on_done(void *userdata, enum exit_status exit, json_t *result,
		    const struct failure *failure)
{
	struct client *client = userdata;

	client->job = NULL;
	answer(client, exit, result, failure != NULL ? failure->text : NULL);
}

static const struct job_client job_client = {
	.progress = on_progress,
	.done = on_done,
};

static void answer_list(struct client *client)
{
	json_t *guests = json_array();
	const struct guest *guest;
	json_t *result;

	for (guest = client->control->registry->first; guest != NULL;
	     guest = guest->next)
		json_array_append_new(guests, guest_to_json(guest));
	result = json_pack("{s:i, s:o, s:{s:o}}", "version", 1, "guests",
			   guests, "host", "nodes", pools_read());
	answer(client, EXIT_REACHED, result, "contigd: out of memory");
	json_decref(result);
}

static void execute(struct client *client, const struct command *command)
{
	struct failure failure;
	struct guest *guest;
	struct ucred peer = { 0 };
	socklen_t length = sizeof(peer);

	if (command->kind == COMMAND_LIST) {
		answer_list(client);
		return;
	}
	if (command->kind == COMMAND_CANCEL) {
		answer(client, EXIT_USAGE, NULL, "nothing is running here");
		return;
	}
	guest = registry_find(client->control->registry, command->guest);
	if (guest == NULL) {
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: contigd does not know it; 'contigctl "
			    "list' shows the guests, the configuration names "
			    "them",
			    command->guest);
		answer(client, failure.exit, NULL, failure.text);
		return;
	}
	if (command_acts(command->kind) &&
	    getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ==
		    0)
		log_guest(&client->control->log_limit, guest->name,
			  "%s, asked for by uid %d, pid %d",
			  command_name(command->kind), (int)peer.uid,
			  (int)peer.pid);
	if (job_start(guest, command, &job_client, client, &client->job,
		      &failure) < 0)
		answer(client, failure.exit, NULL, failure.text);
}

static void take_line(struct client *client, const char *text, size_t bytes)
{
	struct command *command;
	struct failure failure;

	/* Too large for the stack: it holds 4096 ids. */
	command = malloc(sizeof(*command));
	if (command == NULL) {
		answer(client, EXIT_FAILED, NULL, "contigd: out of memory");
		return;
	}
	if (command_parse(text, bytes, command, &failure) < 0) {
		if (!client->commanded)
			answer(client, failure.exit, NULL, failure.text);
	} else if (!client->commanded) {
		client->commanded = true;
		sd_event_source_set_enabled(client->timer, SD_EVENT_OFF);
		execute(client, command);
	} else if (command->kind == COMMAND_CANCEL && client->job != NULL) {
		job_cancel(client->job);
	}
	free(command);
}

static int fill(struct client *client)
{
	ssize_t got;

	if (client->in_bytes == client->in_capacity) {
		size_t capacity = client->in_capacity * 2 +
				  CONTROL_FIRST_IN_BYTES;
		char *in;

		if (client->in_bytes >= COMMAND_MAX_BYTES)
			return -EMSGSIZE;
		in = realloc(client->in, capacity);
		if (in == NULL)
			return -ENOMEM;
		client->in = in;
		client->in_capacity = capacity;
	}
	got = recv(client->fd, client->in + client->in_bytes,
		   client->in_capacity - client->in_bytes, 0);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	client->in_bytes += (size_t)got;
	return 0;
}

static void take_lines(struct client *client)
{
	char *end;

	while (!client->closing) {
		size_t length;

		end = memchr(client->in, '\n', client->in_bytes);
		if (end == NULL)
			return;
		length = (size_t)(end - client->in);
		take_line(client, client->in, length);
		client->in_bytes -= length + 1;
		memmove(client->in, end + 1, client->in_bytes);
	}
	client->in_bytes = 0; /* nobody listens any more */
}

static int on_client_io(sd_event_source *source, int fd, uint32_t revents,
			void *userdata)
{
	struct client *client = userdata;
	int r = 0;

	(void)source;
	(void)fd;
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		r = fill(client);
		/*
		 * A client that has closed only its own direction waits for
		 * its answer; of one that is gone both are closed.
		 */
		if (r == -ECONNRESET && client->commanded &&
		    (revents & (EPOLLHUP | EPOLLERR)) == 0) {
			client->finished = true;
			r = 0;
		}
		if (r == -EMSGSIZE && !client->commanded) {
			answer(client, EXIT_USAGE, NULL,
			       "the command is too long");
			client->in_bytes = 0;
			r = 0;
		}
		if (r == 0)
			take_lines(client);
	}
	if (r == 0)
		r = flush(client);
	if (r < 0)
		client_free(client);
	return 0;
}

static int on_client_timer(sd_event_source *source, uint64_t usec,
			   void *userdata)
{
	(void)source;
	(void)usec;
	client_free(userdata);
	return 0;
}

static void refuse(int fd)
{
	static const char text[] =
		"{\"exit\":1,\"error\":\"contigd: too many clients at once; "
		"try again, or raise max_clients in the configuration\"}\n";
	ssize_t sent;

	/* A fresh socket takes that much at once. */
	sent = send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
	(void)sent;
	close(fd);
}

static int add_client(struct control *control, int fd)
{
	struct client *client;
	int r;

	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return -ENOMEM;
	client->fd = fd;
	client->control = control;
	r = sd_event_add_io(control->event, &client->io, fd, EPOLLIN,
			    on_client_io, client);
	if (r < 0)
		goto free_client;
	r = sd_event_add_time_relative(control->event, &client->timer,
				       CLOCK_MONOTONIC,
				       CONTROL_COMMAND_NS / NS_PER_US, 0,
				       on_client_timer, client);
	if (r < 0)
		goto free_io;
	client->next = control->clients;
	control->clients = client;
	control->nr_clients++;
	return 0;

free_io:
	sd_event_source_disable_unref(client->io);
free_client:
	free(client);
	return r;
}

static int on_resume(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct control *control = userdata;

	(void)source;
	(void)usec;
	return sd_event_source_set_enabled(control->io, SD_EVENT_ON);
}

static int on_accept(sd_event_source *source, int fd, uint32_t revents,
		     void *userdata)
{
	struct control *control = userdata;
	int client_fd;

	(void)source;
	(void)revents;
	client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client_fd < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return 0;
		/* Out of descriptors: who waits would keep waking the loop. */
		log_line("can't accept clients: %s", strerror(errno));
		sd_event_source_set_enabled(control->io, SD_EVENT_OFF);
		sd_event_source_set_time_relative(control->resume,
						  CONTROL_RESUME_NS /
							  NS_PER_US);
		return sd_event_source_set_enabled(control->resume,
						   SD_EVENT_ONESHOT);
	}
	if (control->nr_clients >= control->max_clients)
		refuse(client_fd);
	else if (add_client(control, client_fd) < 0)
		close(client_fd);
	return 0;
}

int control_new(sd_event *event, int fd, struct registry *registry,
		unsigned int max_clients, struct control **ret_control)
{
	struct control *control;
	int r;

	control = calloc(1, sizeof(*control));
	if (control == NULL)
		return -ENOMEM;
	r = sd_event_add_io(event, &control->io, fd, EPOLLIN, on_accept,
			    control);
	if (r < 0)
		goto free_control;
	r = sd_event_add_time(event, &control->resume, CLOCK_MONOTONIC, 0, 0,
			      on_resume, control);
	if (r < 0)
		goto free_io;
	sd_event_source_set_enabled(control->resume, SD_EVENT_OFF);
	control->event = event;
	control->fd = fd;
	control->registry = registry;
	control->max_clients = max_clients;
	*ret_control = control;
	return 0;

free_io:
	sd_event_source_disable_unref(control->io);
free_control:
	free(control);
	return r;
}

void control_close(struct control *control)
{
	struct client *client;
	struct client *next;

	control->io = sd_event_source_disable_unref(control->io);
	control->resume = sd_event_source_disable_unref(control->resume);
	for (client = control->clients; client != NULL; client = next) {
		next = client->next;
		client_free(client);
	}
}

void control_free(struct control *control)
{
	if (control == NULL)
		return;
	control_close(control);
	close(control->fd);
	free(control);
}
