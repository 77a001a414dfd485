// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's end of an agent's port, moved by hand: reads a command a line,
 * does it, and answers in one line that begins with "ok" or "failed".
 *
 *   open PATH | close
 *   read N           exactly so many bytes, thrown away
 *   write TEXT       raw
 *   garbage N        that many bytes that are no frame
 *   flood N          that many frames of an unknown type, answers not read;
 *                    as many as the socket takes
 *   hello            with a new nonce; the answer's figures
 *   half             the beginning of a long frame
 *   COMMAND ...      a request: what ends it, in figures
 *     state | plan COUNT | request COUNT | list | map | touch | hold | release
 *     (the last three: all, or ID)
 *   start COUNT      a REQUEST whose end is not waited for
 *   cancel           that REQUEST
 *   finish           wait for its end
 *
 * Every wait has the same deadline.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/frame.h"
#include "proto/message.h"

#define DEADLINE_MS 60000

static int fd = -1;
static uint64_t nonce;
static uint32_t last_request;
static uint32_t regions_seen;
static uint32_t progress_seen;
static struct frame_decoder decoder;
static struct message message;
static uint8_t buf[FRAME_MAX_BYTES];

static bool failed(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static bool failed(const char *format, ...)
{
	va_list args;

	printf("failed ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(short events, int64_t until_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left_ms = until_ms - now_ms();

	return left_ms > 0 && poll(&pfd, 1, (int)left_ms) == 1;
}

static bool open_port(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return failed("%s: too long", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return failed("%s: %s", path, strerror(errno));
	frame_decoder_init(&decoder);
	return true;
}

static bool write_all(const void *data, size_t size)
{
	int64_t until = now_ms() + DEADLINE_MS;
	const char *at = data;

	while (size) {
		ssize_t done = write(fd, at, size);

		if (done > 0) {
			at += done;
			size -= (size_t)done;
		} else if (errno != EAGAIN) {
			return failed("write: %s", strerror(errno));
		} else if (!wait_for(POLLOUT, until)) {
			return failed("write: the guest does not read");
		}
	}
	return true;
}

static bool read_bytes(size_t size)
{
	int64_t until = now_ms() + DEADLINE_MS;

	while (size) {
		ssize_t done = read(fd, buf,
				    size < sizeof(buf) ? size : sizeof(buf));

		if (done > 0)
			size -= (size_t)done;
		else if (!done)
			return failed("read: closed");
		else if (errno != EAGAIN || !wait_for(POLLIN, until))
			return failed("read: %zu bytes missing", size);
	}
	return true;
}

static bool garbage(size_t size)
{
	while (size) {
		size_t now = size < sizeof(buf) ? size : sizeof(buf);

		for (size_t i = 0; i < now; i++)
			buf[i] = (uint8_t)((i + size) * 2654435761u >> 11);
		if (!write_all(buf, now))
			return false;
		size -= now;
	}
	return true;
}

static bool flood(unsigned int frames)
{
	for (unsigned int i = 0; i < frames; i++) {
		struct frame frame = {
			.version = FRAME_VERSION,
			.type = 50,
			.request = ++last_request,
			.session = nonce,
		};
		size_t size;

		frame_encode(&frame, buf, sizeof(buf), &size);
		if (!write_all(buf, size))
			return false;
	}
	return true;
}

static bool send_message(uint32_t request)
{
	size_t size;

	if (message_encode(&message, request, nonce, buf, sizeof(buf), &size))
		return failed("%s: does not encode",
			      message_type_name((uint8_t)message.type));
	return write_all(buf, size);
}

/* The next message that answers @request. */
static bool receive(uint32_t request)
{
	int64_t until = now_ms() + DEADLINE_MS;

	for (;;) {
		struct frame frame;
		size_t space;
		uint8_t *at;
		ssize_t size;

		while (frame_decoder_next(&decoder, &frame)) {
			if (frame.session != nonce || frame.request != request)
				continue;
			if (message_decode(frame.type, frame.payload,
					   frame.payload_bytes, &message))
				return failed("%s: does not decode",
					      message_type_name(frame.type));
			return true;
		}
		at = frame_decoder_space(&decoder, &space);
		size = read(fd, at, space);
		if (size > 0)
			frame_decoder_filled(&decoder, (size_t)size);
		else if (!size)
			return failed("the port was closed");
		else if (errno != EAGAIN || !wait_for(POLLIN, until))
			return failed("no answer");
	}
}

static bool say_end(void)
{
	switch (message.type) {
	case MESSAGE_HELLO_REPLY:
		printf("ok version=%u kernel_api=%u kernel_errno=%u boot=%llx agent=%s\n",
		       message.hello_reply.version,
		       message.hello_reply.kernel_api,
		       message.hello_reply.kernel_errno,
		       (unsigned long long)message.hello_reply.boot,
		       message.hello_reply.agent_version);
		break;
	case MESSAGE_STATE:
		printf("ok total=%llu free=%llu blocks=%llu free_blocks=%llu clean_blocks=%llu held=%llu\n",
		       (unsigned long long)message.state.total_pages,
		       (unsigned long long)message.state.free_pages,
		       (unsigned long long)message.state.blocks,
		       (unsigned long long)message.state.free_blocks,
		       (unsigned long long)message.state.clean_blocks,
		       (unsigned long long)message.state.held_regions);
		break;
	case MESSAGE_ANSWER:
		printf("ok requested=%u made=%u regions=%u progress=%u moves=%llu",
		       message.answer.requested, message.answer.made,
		       regions_seen, progress_seen,
		       (unsigned long long)message.answer.moves_done);
		for (uint32_t i = 0; i < message.answer.nr_shortfall; i++)
			printf(" %s=%u",
			       message_reason_name(
				       message.answer.shortfall[i].reason),
			       message.answer.shortfall[i].regions);
		putchar('\n');
		break;
	case MESSAGE_DONE:
		printf("ok done=%u regions=%u\n", message.done.done,
		       regions_seen);
		break;
	case MESSAGE_MAP:
		printf("ok end_gfn=%llx cells=%u\n",
		       (unsigned long long)message.map.end_gfn.v,
		       message.map.count);
		break;
	case MESSAGE_ERROR:
		return failed("error=%u %s", message.error.code,
			      message.error.text);
	default:
		return failed("%s is no end",
			      message_type_name((uint8_t)message.type));
	}
	return false; /* the answer is written */
}

/* Regions and progress on the way are counted. */
static bool finish(void)
{
	regions_seen = 0;
	progress_seen = 0;
	for (;;) {
		if (!receive(last_request))
			return false;
		if (message.type == MESSAGE_PROGRESS) {
			progress_seen++;
		} else if (message.type == MESSAGE_REGIONS) {
			if (message.regions.first != regions_seen)
				return failed("regions are out of order");
			regions_seen += message.regions.count;
		} else {
			return say_end();
		}
	}
}

static bool hello(void)
{
	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return failed("getrandom: %s", strerror(errno));
	nonce |= 1;
	last_request = 1;
	message.type = MESSAGE_HELLO;
	message.hello = (struct message_hello){ 1, 1, 0 };
	return send_message(last_request) && finish();
}

static bool half(void)
{
	size_t size;

	message.type = MESSAGE_TOUCH;
	message.ids.count = MESSAGE_MAX_IDS;
	for (int i = 0; i < MESSAGE_MAX_IDS; i++)
		message.ids.ids[i] = UINT64_MAX;
	if (message_encode(&message, ++last_request, nonce, buf, sizeof(buf),
			   &size))
		return failed("half: does not encode");
	return write_all(buf, 1000);
}

static bool fill(const char *command, const char *arg)
{
	static const struct {
		const char *name;
		enum message_type type;
	} table[] = {
		{ "state", MESSAGE_STATE_GET }, { "plan", MESSAGE_PLAN },
		{ "request", MESSAGE_REQUEST }, { "start", MESSAGE_REQUEST },
		{ "list", MESSAGE_LIST },	{ "map", MESSAGE_MAP_GET },
		{ "touch", MESSAGE_TOUCH },	{ "hold", MESSAGE_HOLD },
		{ "release", MESSAGE_RELEASE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].name, command))
			continue;
		memset(&message, 0, sizeof(message));
		message.type = table[i].type;
		break;
	}
	switch (message.type) {
	case MESSAGE_STATE_GET:
		message.state_get.nid = MESSAGE_ANY_NODE;
		return true;
	case MESSAGE_PLAN:
	case MESSAGE_REQUEST:
		message.request.order = MESSAGE_MIN_ORDER;
		message.request.nid = MESSAGE_ANY_NODE;
		message.request.count = (uint32_t)strtoul(arg, NULL, 10);
		return true;
	case MESSAGE_MAP_GET:
		message.map_get.order = MESSAGE_MIN_ORDER;
		message.map_get.count = 512;
		return true;
	case MESSAGE_TOUCH:
	case MESSAGE_HOLD:
	case MESSAGE_RELEASE:
		message.ids.ids[0] = strtoull(arg, NULL, 10);
		message.ids.count = !!message.ids.ids[0];
		return true;
	case MESSAGE_LIST:
		return true;
	default:
		return failed("%s: no such command", command);
	}
}

/* Return: whether "ok" is still to be written. */
static bool run(const char *command, const char *arg)
{
	message.type = (enum message_type)0;
	if (!strcmp(command, "open"))
		return open_port(arg);
	if (!strcmp(command, "close"))
		return !close(fd) || failed("close: %s", strerror(errno));
	if (!strcmp(command, "read"))
		return read_bytes(strtoul(arg, NULL, 10));
	if (!strcmp(command, "write"))
		return write_all(arg, strlen(arg));
	if (!strcmp(command, "garbage"))
		return garbage(strtoul(arg, NULL, 10));
	if (!strcmp(command, "flood"))
		return flood((unsigned int)strtoul(arg, NULL, 10));
	if (!strcmp(command, "hello"))
		return hello();
	if (!strcmp(command, "half"))
		return half();
	if (!strcmp(command, "finish"))
		return finish();
	if (!strcmp(command, "cancel")) {
		message.type = MESSAGE_CANCEL;
		return send_message(last_request);
	}
	if (!fill(command, arg) || !send_message(++last_request))
		return false;
	return !strcmp(command, "start") || finish();
}

int main(void)
{
	char line[4096];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *arg = line + strcspn(line, " \n");

		line[strcspn(line, "\n")] = '\0';
		if (*arg)
			*arg++ = '\0';
		if (run(line, arg))
			puts("ok");
	}
	return 0;
}
