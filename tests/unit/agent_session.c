// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's session over a socketpair in place of the port: its real pump,
 * worker thread and jobs, on the fake device. Every wait has a condition and
 * a deadline.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest-agent/pump.h"
#include "guest-agent/session.h"
#include "tests/unit/agent_fake.h"
#include "tests/unit/proto_samples.h"

#define DEADLINE_MS 30000
#define NONCE UINT64_C(0x0123456789abcdef)

static struct rig {
	int host_fd;
	int guest_fd;
	int epoll_fd;
	bool has_more; /* to read, without another edge */
	struct device device;
	struct kept kept;
	struct worker worker;
	struct session session;
	struct frame_decoder decoder; /* the host's */
	struct message in, out;
	uint32_t in_request;
	uint64_t in_session;
	size_t in_bytes;
} rig;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	assert_int_equal(epoll_ctl(rig.epoll_fd, EPOLL_CTL_ADD, fd, &event), 0);
}

static void connect_host(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
				    SOCK_CLOEXEC, 0, fds), 0);
	rig.host_fd = fds[0];
	rig.guest_fd = fds[1];
	rig.has_more = false;
	watch(rig.guest_fd, EPOLLIN | EPOLLOUT | EPOLLET);
	frame_decoder_init(&rig.decoder);
}

/* Another host, after the last one closed its end. */
static void reconnect_host(void)
{
	close(rig.guest_fd);
	connect_host();
}

static int setup(void **state)
{
	struct job_context context = {
		.device = &rig.device,
		.kept = &rig.kept,
		.max_held_percent = 90,
	};

	(void)state;
	memset(&rig, 0, sizeof(rig));
	fake_reset();
	rig.device.fd = -1;
	assert_int_equal(worker_start(&rig.worker, &context), 0);
	session_init(&rig.session, &rig.worker, &rig.device, "/dev/coalesce",
		     0xb007);
	rig.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	assert_true(rig.epoll_fd >= 0);
	watch(rig.worker.event_fd, EPOLLIN);
	connect_host();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	worker_stop(&rig.worker);
	job_free(&rig.session.job);
	kept_clear(&rig.kept);
	close(rig.host_fd);
	close(rig.guest_fd);
	close(rig.epoll_fd);
	return 0;
}

static void read_port(void)
{
	int result = pump_in(rig.guest_fd, &rig.session);

	assert_true(result >= 0);
	rig.has_more = result > 0;
}

/* One round of what main() does. */
static void turn(void)
{
	struct epoll_event events[2];
	int count = epoll_wait(rig.epoll_fd, events, 2, rig.has_more ? 0 : 1);

	if (rig.has_more)
		read_port();
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == rig.worker.event_fd) {
			if (worker_collect(&rig.worker))
				session_job_done(&rig.session);
		} else if (events[i].events & (EPOLLIN | EPOLLHUP)) {
			read_port();
		}
	}
	pump_out(rig.guest_fd, &rig.session);
	assert_true(rig.session.state < SESSION_NR_STATES);
}

#define wait_until(condition)                                             \
	do {                                                              \
		int64_t end_ = now_ms() + DEADLINE_MS;                    \
									  \
		while (!(condition)) {                                    \
			if (now_ms() > end_)                              \
				fail_msg("deadline: %s", #condition);     \
			turn();                                           \
		}                                                         \
	} while (0)

static bool host_reads(struct frame *frame)
{
	size_t space;
	uint8_t *at;
	ssize_t size;

	if (frame_decoder_next(&rig.decoder, frame))
		return true;
	at = frame_decoder_space(&rig.decoder, &space);
	size = read(rig.host_fd, at, space);
	if (size > 0)
		frame_decoder_filled(&rig.decoder, (size_t)size);
	return frame_decoder_next(&rig.decoder, frame);
}

/* The next message, whatever it is; in rig.in. */
static void receive(void)
{
	struct frame frame;

	wait_until(host_reads(&frame));
	assert_int_equal(message_decode(frame.type, frame.payload,
					frame.payload_bytes, &rig.in), 0);
	rig.in_request = frame.request;
	rig.in_session = frame.session;
	rig.in_bytes = FRAME_HEADER_BYTES + frame.payload_bytes;
}

static void expect(enum message_type type, uint32_t request)
{
	receive();
	if (rig.in.type == MESSAGE_ERROR && type != MESSAGE_ERROR)
		fail_msg("error: %s", rig.in.error.text);
	assert_string_equal(message_type_name((uint8_t)rig.in.type),
			    message_type_name((uint8_t)type));
	assert_int_equal(rig.in_request, request);
}

static void expect_error(enum message_error_code code, uint32_t request)
{
	expect(MESSAGE_ERROR, request);
	assert_int_equal(rig.in.error.code, code);
	assert_true(strlen(rig.in.error.text) > 0);
}

static void write_all(const void *data, size_t size)
{
	const char *at = data;
	int64_t end = now_ms() + DEADLINE_MS;

	while (size) {
		ssize_t n = write(rig.host_fd, at, size);

		if (n > 0) {
			at += n;
			size -= (size_t)n;
			continue;
		}
		assert_true(n < 0 && errno == EAGAIN);
		assert_true(now_ms() < end);
		turn();
	}
}

static void say_as(uint64_t nonce, uint32_t request)
{
	static uint8_t buf[FRAME_MAX_BYTES];
	size_t size;

	assert_int_equal(message_encode(&rig.out, request, nonce, buf,
					sizeof(buf), &size), 0);
	write_all(buf, size);
}

static void say(enum message_type type, uint32_t request)
{
	rig.out.type = type;
	say_as(NONCE, request);
}

static void say_hello(uint64_t nonce)
{
	sample_message(MESSAGE_HELLO, &rig.out);
	say_as(nonce, 1);
}

static void greet(uint64_t nonce)
{
	say_hello(nonce);
	expect(MESSAGE_HELLO_REPLY, 1);
	assert_true(rig.in_session == nonce);
}

static void fill_request(uint32_t count)
{
	memset(&rig.out, 0, sizeof(rig.out));
	rig.out.request = (struct message_request){
		.order = 9,
		.count = count,
		.nid = MESSAGE_ANY_NODE,
	};
}

static void ask(uint32_t count, uint32_t request)
{
	fill_request(count);
	say(MESSAGE_REQUEST, request);
}

/* All REGIONS of an answer. Returns how many there were. */
static uint32_t expect_regions(uint32_t request)
{
	uint32_t seen = 0;

	do {
		expect(MESSAGE_REGIONS, request);
		assert_int_equal(rig.in.regions.first, seen);
		seen += rig.in.regions.count;
	} while (seen < rig.in.regions.total);
	return seen;
}

static void hold_some(uint32_t count, uint32_t request)
{
	ask(count, request);
	assert_int_equal(expect_regions(request), count);
	expect(MESSAGE_ANSWER, request);
}

static void hello_is_answered(void **state)
{
	(void)state;
	greet(NONCE);
	assert_int_equal(rig.in.hello_reply.version, 1);
	assert_true(rig.in.hello_reply.features == MESSAGE_FEATURE_RECLAIM);
	assert_int_equal(rig.in.hello_reply.kernel_api, 1);
	assert_int_equal(rig.in.hello_reply.strategies, 3);
	assert_int_equal(rig.in.hello_reply.max_order, 9);
	assert_true(rig.in.hello_reply.boot == 0xb007);
	assert_non_null(strstr(rig.in.hello_reply.agent_version,
			       "contig-agent"));
	/* Its number may be 0, as contigd's is. */
	sample_message(MESSAGE_HELLO, &rig.out);
	say_as(NONCE + 1, 0);
	expect(MESSAGE_HELLO_REPLY, 0);
}

static void a_kernel_without_the_device_is_told(void **state)
{
	(void)state;
	fake.open_err = -ENOENT;
	greet(NONCE);
	assert_int_equal(rig.in.hello_reply.kernel_api, 0);
	assert_int_equal(rig.in.hello_reply.kernel_errno, ENOENT);
	ask(1, 2);
	expect_error(MESSAGE_ERROR_NO_KERNEL, 2);
	/* It is looked for again. */
	fake.open_err = 0;
	greet(NONCE + 1);
	assert_int_equal(rig.in.hello_reply.kernel_api, 1);
}

static void a_node_that_is_not_there_is_named(void **state)
{
	(void)state;
	greet(NONCE);
	fill_request(1);
	rig.out.request.nid = 3;
	say(MESSAGE_REQUEST, 2);
	expect_error(MESSAGE_ERROR_KERNEL, 2);
	assert_non_null(strstr(rig.in.error.text, "has no node 3"));
}

static void versions_are_negotiated(void **state)
{
	uint8_t buf[64];
	size_t size;

	(void)state;
	sample_message(MESSAGE_HELLO, &rig.out);
	rig.out.hello.version_min = 2;
	say_as(NONCE, 1);
	expect_error(MESSAGE_ERROR_VERSION, 1);
	assert_non_null(strstr(rig.in.error.text, "1 to 1"));
	assert_int_equal(rig.session.state, SESSION_NONE);

	/* A frame of a version that does not exist yet. */
	assert_int_equal(frame_encode(&(struct frame){ .version = 2,
						       .type = MESSAGE_HELLO,
						       .request = 8,
						       .session = NONCE },
				      buf, sizeof(buf), &size), 0);
	write_all(buf, size);
	expect_error(MESSAGE_ERROR_VERSION, 8);
	greet(NONCE);
}

static void regions_are_made_held_and_released(void **state)
{
	(void)state;
	greet(NONCE);
	ask(64, 2);
	assert_int_equal(expect_regions(2), 64);
	assert_true(rig.in.regions.regions[0].gfn.v == 512);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.made, 64);
	assert_int_equal(rig.in.answer.nr_shortfall, 0);
	assert_true(rig.in.answer.moves_done == 6336);

	rig.out.ids.count = 2;
	rig.out.ids.ids[0] = 3;
	rig.out.ids.ids[1] = 999; /* unknown: skipped */
	say(MESSAGE_TOUCH, 3);
	expect(MESSAGE_DONE, 3);
	assert_int_equal(rig.in.done.done, 1);
	assert_int_equal(fake.touched, 1);

	say(MESSAGE_HOLD, 4);
	expect(MESSAGE_DONE, 4);
	assert_int_equal(rig.in.done.done, 1);

	say(MESSAGE_LIST, 5);
	assert_int_equal(expect_regions(5), 64);
	assert_int_equal(rig.in.regions.regions[1].flags, 0);
	assert_int_equal(rig.in.regions.regions[2].flags, MESSAGE_REGION_KEPT);
	expect(MESSAGE_DONE, 5);
	assert_int_equal(rig.in.done.done, 64);

	rig.out.ids.count = 1;
	rig.out.ids.ids[0] = 1;
	say(MESSAGE_RELEASE, 6);
	expect(MESSAGE_DONE, 6);
	assert_int_equal(rig.in.done.done, 1);
	assert_int_equal(fake.nr_held, 63);

	rig.out.ids.count = 0;
	say(MESSAGE_RELEASE, 7);
	expect(MESSAGE_DONE, 7);
	assert_int_equal(rig.in.done.done, 63);

	say(MESSAGE_LIST, 8);
	expect(MESSAGE_DONE, 8);
	assert_int_equal(rig.in.done.done, 0);
}

static void a_plan_makes_nothing(void **state)
{
	(void)state;
	greet(NONCE);
	fill_request(10);
	say(MESSAGE_PLAN, 2);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.made, 10);
	assert_true(fake.last_was_plan);
	assert_int_equal(fake.nr_held, 0);
}

static void state_and_map_are_told(void **state)
{
	(void)state;
	greet(NONCE);
	rig.out.state_get.nid = 0;
	say(MESSAGE_STATE_GET, 2);
	expect(MESSAGE_STATE, 2);
	assert_true(rig.in.state.total_pages == 262144);

	rig.out.map_get = (struct message_map_get){ .order = 9, .count = 2048 };
	say(MESSAGE_MAP_GET, 3);
	expect(MESSAGE_MAP, 3);
	assert_int_equal(rig.in.map.count, 2048);
	assert_int_equal(rig.in.map.cells[511].free_pages, 511);
}

static void a_shortfall_is_handed_on(void **state)
{
	(void)state;
	greet(NONCE);
	fake.can_make = 3;
	ask(5, 2);
	assert_int_equal(expect_regions(2), 3);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.requested, 5);
	assert_int_equal(rig.in.answer.made, 3);
	assert_int_equal(rig.in.answer.nr_shortfall, 1);
	assert_int_equal(rig.in.answer.shortfall[0].reason, 2);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 2);
}

/* A kernel that can do all, and a host that offers @features. */
static void greet_with(uint64_t features)
{
	fake.max_order = 18;
	fake.can_reclaim = true;
	sample_message(MESSAGE_HELLO, &rig.out);
	rig.out.hello.features = features;
	say_as(NONCE, 1);
	expect(MESSAGE_HELLO_REPLY, 1);
}

static void features_are_agreed_on(void **state)
{
	(void)state;
	greet_with(UINT64_MAX);
	assert_true(rig.in.hello_reply.features ==
		    (MESSAGE_FEATURE_RECLAIM | MESSAGE_FEATURE_DETAILS));
	/* The session's own nonce again: as before. */
	greet_with(UINT64_MAX);
	assert_true(rig.in.hello_reply.features ==
		    (MESSAGE_FEATURE_RECLAIM | MESSAGE_FEATURE_DETAILS));
	sample_message(MESSAGE_HELLO, &rig.out);
	rig.out.hello.features = MESSAGE_FEATURE_DETAILS | UINT64_C(1) << 40;
	say_as(NONCE + 1, 1);
	expect(MESSAGE_HELLO_REPLY, 1);
	assert_true(rig.in.hello_reply.features == MESSAGE_FEATURE_DETAILS);
}

static void say_reclaim(enum message_type type, uint32_t request)
{
	fill_request(2);
	rig.out.request.flags = MESSAGE_REQUEST_RECLAIM;
	say(type, request);
}

static void page_cache_may_be_dropped(void **state)
{
	(void)state;
	greet_with(MESSAGE_FEATURE_RECLAIM);
	say_reclaim(MESSAGE_REQUEST, 2);
	assert_int_equal(expect_regions(2), 2);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(fake.last_request.flags, MESSAGE_REQUEST_RECLAIM);
	say_reclaim(MESSAGE_PLAN, 3);
	expect(MESSAGE_ANSWER, 3);
	/* This kernel can't. */
	rig.device.has_reclaim = false;
	say_reclaim(MESSAGE_REQUEST, 4);
	expect_error(MESSAGE_ERROR_KERNEL, 4);
	assert_non_null(strstr(rig.in.error.text, "can't drop page cache"));
	assert_int_equal(fake.requests, 2);
}

static void what_was_not_agreed_on_is_refused(void **state)
{
	(void)state;
	greet_with(MESSAGE_FEATURE_DETAILS);
	say_reclaim(MESSAGE_REQUEST, 2);
	expect_error(MESSAGE_ERROR_BAD_MESSAGE, 2);
	say_reclaim(MESSAGE_PLAN, 3);
	expect_error(MESSAGE_ERROR_BAD_MESSAGE, 3);
	assert_int_equal(fake.requests, 0);
}

static void add_detail(uint32_t reason, uint32_t regions, const char *name)
{
	struct message_detail *detail =
		&fake.details.details[fake.details.count++];

	detail->reason = reason;
	detail->regions = regions;
	memcpy(detail->name, name, strlen(name));
}

static void details_go_before_the_answer(void **state)
{
	(void)state;
	greet_with(MESSAGE_FEATURE_DETAILS);
	fake.can_make = 3;
	fake.details.pages_reclaimed = 12;
	add_detail(2, 5, "dentry");
	add_detail(2, 1, "inode_cache");
	ask(10, 2);
	assert_int_equal(expect_regions(2), 3);
	expect(MESSAGE_DETAILS, 2);
	assert_true(rig.in.details.pages_reclaimed == 12);
	assert_int_equal(rig.in.details.count, 2);
	assert_int_equal(rig.in.details.details[0].reason, 2);
	assert_int_equal(rig.in.details.details[0].regions, 5);
	assert_string_equal(rig.in.details.details[0].name, "dentry");
	assert_string_equal(rig.in.details.details[1].name, "inode_cache");
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 7);
	/* Also when only page cache was dropped, and of a plan. */
	fake.details.count = 0;
	fake.can_make = 10;
	fill_request(10);
	say(MESSAGE_PLAN, 3);
	expect(MESSAGE_DETAILS, 3);
	assert_int_equal(rig.in.details.count, 0);
	expect(MESSAGE_ANSWER, 3);
	/* None is sent when there is nothing to say. */
	fake.details.pages_reclaimed = 0;
	ask(1, 4);
	expect_regions(4);
	expect(MESSAGE_ANSWER, 4);
	/* What was is not said again. */
	say(MESSAGE_LIST, 5);
	expect_regions(5);
	expect(MESSAGE_DONE, 5);
}

static void details_are_for_those_who_want_them(void **state)
{
	(void)state;
	greet_with(0);
	fake.can_make = 3;
	fake.details.pages_reclaimed = 12;
	add_detail(2, 5, "dentry");
	ask(10, 2);
	assert_int_equal(expect_regions(2), 3);
	expect(MESSAGE_ANSWER, 2);
}

static void details_that_can_not_be_are_left_out(void **state)
{
	(void)state;
	greet_with(MESSAGE_FEATURE_DETAILS);
	fake.can_make = 3;
	add_detail(2, 4, "a\nb"); /* would start a line of its own */
	add_detail(2, 3, "first");
	add_detail(2, 1, "");
	add_detail(2, 1, "\x1b[2J");
	add_detail(2, 1, "thirty-two bytes without a NUL..");
	add_detail(11, 1, "not missing");
	add_detail(0, 1, "no reason");
	add_detail(2, 0, "no region");
	add_detail(2, 5, "too many");
	add_detail(2, 4, "last");
	ask(10, 2);
	assert_int_equal(expect_regions(2), 3);
	expect(MESSAGE_DETAILS, 2);
	assert_int_equal(rig.in.details.count, 2);
	assert_string_equal(rig.in.details.details[0].name, "first");
	assert_string_equal(rig.in.details.details[1].name, "last");
	expect(MESSAGE_ANSWER, 2);
}

static void regions_of_any_size_are_made(void **state)
{
	(void)state;
	fake.guest_pages = UINT64_C(8) << 18;
	greet_with(0);
	assert_int_equal(rig.in.hello_reply.max_order, 18);
	fill_request(3);
	rig.out.request.order = 18;
	rig.out.request.first_gfn.v = 1 << 18;
	rig.out.request.nr_gfns = 4 << 18;
	say(MESSAGE_REQUEST, 2);
	assert_int_equal(expect_regions(2), 3);
	assert_int_equal(rig.in.regions.regions[2].order, 18);
	assert_true(rig.in.regions.regions[2].gfn.v == 3 << 18);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(fake.last_request.order, 18);
	fill_request(2);
	rig.out.request.order = 10;
	say(MESSAGE_REQUEST, 3);
	assert_int_equal(expect_regions(3), 2);
	expect(MESSAGE_ANSWER, 3);
	/* All of them are listed with their sizes. */
	say(MESSAGE_LIST, 4);
	assert_int_equal(expect_regions(4), 5);
	assert_int_equal(rig.in.regions.regions[0].order, 18);
	assert_int_equal(rig.in.regions.regions[4].order, 10);
	expect(MESSAGE_DONE, 4);
	/* 90% of 8 GiB: 4 more of 1 GiB are let through, beside 3 and 8 MiB. */
	fill_request(5);
	rig.out.request.order = 18;
	say(MESSAGE_REQUEST, 5);
	assert_int_equal(expect_regions(5), 4);
	expect(MESSAGE_ANSWER, 5);
	assert_int_equal(rig.in.answer.shortfall[0].reason,
			 MESSAGE_REASON_AGENT_LIMIT);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 1);
}

static void the_agents_limit_cuts_a_request(void **state)
{
	(void)state;
	greet(NONCE);
	/* 90% of 262,144 pages are 460 regions, 50 of them gone already. */
	hold_some(50, 2);
	ask(500, 3);
	assert_int_equal(expect_regions(3), 410);
	expect(MESSAGE_ANSWER, 3);
	assert_int_equal(rig.in.answer.requested, 500);
	assert_int_equal(rig.in.answer.made, 410);
	assert_int_equal(rig.in.answer.shortfall[0].reason,
			 MESSAGE_REASON_AGENT_LIMIT);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 90);
	/* And now there is room for none. */
	ask(1, 4);
	expect(MESSAGE_ANSWER, 4);
	assert_int_equal(rig.in.answer.made, 0);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 1);
	assert_int_equal(fake.requests, 2);
}

static void the_agents_books_have_an_end(void **state)
{
	(void)state;
	fake.guest_pages = UINT64_C(1) << 30;
	greet(NONCE);
	fake.lists = JOB_MAX_HELD;
	ask(1, 2);
	expect_error(MESSAGE_ERROR_LIMIT, 2);
	fake.lists = JOB_MAX_HELD - 1;
	ask(2, 3);
	expect_error(MESSAGE_ERROR_LIMIT, 3);
	assert_non_null(strstr(rig.in.error.text, "1048575 regions are held"));
	assert_int_equal(fake.requests, 0);
	/* The last one fits. */
	hold_some(1, 4);
}

static void a_large_answer_comes_in_pieces(void **state)
{
	uint32_t seen = 0, busy = 0;

	(void)state;
	fake.guest_pages = UINT64_C(1) << 30;
	greet(NONCE);
	ask(65536, 2);
	/* Nothing is read until it is done: the queue must not overflow. */
	wait_until(rig.session.state == SESSION_ANSWERING);
	for (int i = 0; i < 100; i++)
		turn();
	assert_int_equal(rig.session.state, SESSION_ANSWERING);
	/* Meanwhile it is busy, and says so. */
	say(MESSAGE_LIST, 3);
	do {
		receive();
		if (rig.in_request == 3) {
			assert_int_equal(rig.in.type, MESSAGE_ERROR);
			assert_int_equal(rig.in.error.code, MESSAGE_ERROR_BUSY);
			busy++;
		} else if (rig.in.type == MESSAGE_REGIONS) {
			assert_int_equal(rig.in.regions.first, seen);
			seen += rig.in.regions.count;
		}
	} while (rig.in.type != MESSAGE_ANSWER);
	assert_int_equal(seen, 65536);
	assert_int_equal(busy, 1);
	wait_until(rig.session.state == SESSION_READY);
}

static void a_second_request_finds_it_busy(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(4, 2);
	wait_until(fake.requests == 1);
	say(MESSAGE_LIST, 3);
	expect_error(MESSAGE_ERROR_BUSY, 3);
	ask(4, 4);
	expect_error(MESSAGE_ERROR_BUSY, 4);
	fake_go();
	assert_int_equal(expect_regions(2), 4);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(fake.requests, 1);
}

/* Until the job is done: a signal may come just before the thread waits. */
static void cancel_until_done(uint32_t request)
{
	int64_t end = now_ms() + DEADLINE_MS;

	say(MESSAGE_CANCEL, request);
	while (rig.session.state == SESSION_WORKING) {
		assert_true(now_ms() < end);
		turn();
		if (rig.session.cancelling)
			session_tick(&rig.session);
	}
}

static void cancel_ends_a_request_early(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(10, 2);
	wait_until(rig.session.state == SESSION_WORKING);
	say(MESSAGE_CANCEL, 77); /* of no request */
	cancel_until_done(2);
	assert_int_equal(fake.interrupted, 1);
	assert_int_equal(expect_regions(2), 5);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.made, 5);
	assert_int_equal(rig.in.answer.shortfall[0].reason,
			 MESSAGE_REASON_CANCELLED);
	assert_false(session_wants_tick(&rig.session));

	/* The next request is not hit by a signal of the last one. */
	ask(2, 3);
	wait_until(fake.requests == 2);
	fake_go();
	assert_int_equal(expect_regions(3), 2);
	expect(MESSAGE_ANSWER, 3);
	assert_int_equal(fake.interrupted, 1);
}

static void interrupted_while_waiting_is_cancelled(void **state)
{
	(void)state;
	greet(NONCE);
	fake.request_err = -EINTR;
	ask(10, 2);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.made, 0);
	assert_int_equal(rig.in.answer.shortfall[0].reason,
			 MESSAGE_REASON_CANCELLED);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 10);
}

static void progress_is_told_meanwhile(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(10, 2);
	wait_until(fake.requests == 1);
	assert_true(session_wants_tick(&rig.session));
	session_tick(&rig.session);
	expect(MESSAGE_PROGRESS, 2);
	assert_int_equal(rig.in.progress.asked, 10);
	assert_int_equal(rig.in.progress.made, 1);
	/* Without news, none. */
	session_tick(&rig.session);
	fake_go();
	expect_regions(2);
	expect(MESSAGE_ANSWER, 2);
}

static void progress_tells_what_was_asked_for(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(500, 2);
	wait_until(fake.requests == 1);
	/* The kernel knows nothing of what the agent's limit cut off. */
	assert_int_equal(fake.last_request.count, 460);
	session_tick(&rig.session);
	expect(MESSAGE_PROGRESS, 2);
	assert_int_equal(rig.in.progress.asked, 500);
	fake_go();
	assert_int_equal(expect_regions(2), 460);
	expect(MESSAGE_ANSWER, 2);
}

static void ask_with_time(uint64_t timeout_ns, uint32_t request)
{
	fill_request(2);
	rig.out.request.timeout_ns = timeout_ns;
	say(MESSAGE_REQUEST, request);
}

/*
 * Regression: while the request of an agent that was killed unwound in the
 * kernel, the next agent's first one failed.
 */
static void a_request_waits_for_its_turn(void **state)
{
	const uint64_t wait_ns = JOB_BUSY_WAIT_MS * UINT64_C(1000000);

	(void)state;
	greet(NONCE);
	rig.worker.context.busy_retries = 3;
	fake.busy = 3;
	ask_with_time(10 * wait_ns, 2);
	assert_int_equal(expect_regions(2), 2);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(fake.requests, 4);
	assert_true(fake.last_request.timeout_ns == 7 * wait_ns);
	/* Not for ever, */
	fake.busy = UINT32_MAX;
	ask(2, 3);
	expect_error(MESSAGE_ERROR_KERNEL, 3);
	assert_non_null(strstr(rig.in.error.text, "another program"));
	assert_int_equal(fake.requests, 8);
	/* and not longer than the host does. */
	ask_with_time(2 * wait_ns, 4);
	expect_error(MESSAGE_ERROR_KERNEL, 4);
	assert_int_equal(fake.requests, 10);
}

static void cancel_ends_the_waiting_for_a_turn(void **state)
{
	(void)state;
	greet(NONCE);
	rig.worker.context.busy_retries = 1000;
	fake.busy = UINT32_MAX;
	ask(10, 2);
	wait_until(fake.requests);
	cancel_until_done(2);
	expect(MESSAGE_ANSWER, 2);
	assert_int_equal(rig.in.answer.made, 0);
	assert_int_equal(rig.in.answer.shortfall[0].reason,
			 MESSAGE_REASON_CANCELLED);
	assert_int_equal(rig.in.answer.shortfall[0].regions, 10);
	fake.busy = 0;
	hold_some(10, 3);
}

static void a_map_can_be_cancelled(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	rig.out.map_get = (struct message_map_get){ .order = 9, .count = 8 };
	say(MESSAGE_MAP_GET, 2);
	wait_until(fake.maps == 1);
	cancel_until_done(2);
	assert_int_equal(fake.interrupted, 1);
	expect_error(MESSAGE_ERROR_KERNEL, 2);
	assert_non_null(strstr(rig.in.error.text, "cancelled"));
	/* Nothing is wrong with the device. */
	assert_true(rig.device.fd >= 0);
	fake.blocks = false;
	rig.out.map_get = (struct message_map_get){ .order = 9, .count = 8 };
	say(MESSAGE_MAP_GET, 3);
	expect(MESSAGE_MAP, 3);
}

static void wait_until_clean(void)
{
	int64_t end = now_ms() + DEADLINE_MS;

	while (rig.session.state != SESSION_NONE) {
		assert_true(now_ms() < end);
		turn();
		if (rig.session.cancelling)
			session_tick(&rig.session);
	}
}

static void the_hosts_going_releases_everything(void **state)
{
	(void)state;
	greet(NONCE);
	hold_some(8, 2);
	rig.out.ids.count = 1;
	rig.out.ids.ids[0] = 5;
	say(MESSAGE_HOLD, 3);
	expect(MESSAGE_DONE, 3);
	close(rig.host_fd);
	wait_until(rig.session.state == SESSION_NONE);
	/* But not what is kept. */
	assert_int_equal(fake.nr_held, 1);
	assert_true(fake.held[0].id == 5);
	reconnect_host();
	greet(NONCE + 1);
	sample_message(MESSAGE_LIST, &rig.out);
	say_as(NONCE + 1, 2);
	assert_int_equal(expect_regions(2), 1);
	assert_int_equal(rig.in.regions.regions[0].flags, MESSAGE_REGION_KEPT);
	expect(MESSAGE_DONE, 2);
}

static void the_hosts_going_cancels_a_request(void **state)
{
	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(10, 2);
	wait_until(fake.requests == 1);
	close(rig.host_fd);
	wait_until_clean();
	assert_int_equal(fake.interrupted, 1);
	assert_int_equal(fake.nr_held, 0);
	reconnect_host();
	fake.blocks = false;
	greet(NONCE + 1);
}

static void a_new_hello_waits_for_the_old_request(void **state)
{
	int64_t end = now_ms() + DEADLINE_MS;
	struct frame frame;

	(void)state;
	greet(NONCE);
	fake.blocks = true;
	ask(10, 2);
	wait_until(fake.requests == 1);
	say_hello(NONCE + 1);
	say_hello(NONCE + 2);
	while (!host_reads(&frame)) {
		assert_true(now_ms() < end);
		turn();
		if (rig.session.cancelling)
			session_tick(&rig.session);
	}
	/* Only the last one is answered, and only when all is released. */
	assert_int_equal(frame.type, MESSAGE_HELLO_REPLY);
	assert_true(frame.session == NONCE + 2);
	assert_int_equal(fake.interrupted, 1);
	assert_int_equal(fake.nr_held, 0);
	assert_int_equal(rig.session.state, SESSION_READY);
}

static void the_same_hello_changes_nothing(void **state)
{
	(void)state;
	greet(NONCE);
	hold_some(3, 2);
	greet(NONCE);
	assert_int_equal(fake.nr_held, 3);
}

static void other_nonces_are_dropped(void **state)
{
	(void)state;
	fill_request(1);
	rig.out.type = MESSAGE_REQUEST;
	say_as(NONCE, 2); /* before any HELLO */
	greet(NONCE);
	fill_request(1);
	rig.out.type = MESSAGE_REQUEST;
	say_as(NONCE ^ 1, 3);
	say_as(0, 4);
	say_hello(0);
	say(MESSAGE_LIST, 5);
	expect(MESSAGE_DONE, 5);
	assert_int_equal(fake.requests, 0);
	assert_true(rig.session.drops.other_nonce == 3);
}

static void a_repeated_request_is_dropped(void **state)
{
	(void)state;
	greet(NONCE);
	hold_some(2, 5);
	ask(2, 5);
	ask(2, 4);
	ask(2, 0);
	say(MESSAGE_LIST, 6);
	assert_int_equal(expect_regions(6), 2);
	expect(MESSAGE_DONE, 6);
	assert_int_equal(fake.requests, 1);
	assert_true(rig.session.drops.old_request == 3);
}

static void say_raw(uint8_t type, uint32_t request, const void *payload,
		    size_t payload_bytes)
{
	uint8_t buf[256];
	size_t size;

	assert_int_equal(frame_encode(&(struct frame){
					      .version = FRAME_VERSION,
					      .type = type,
					      .request = request,
					      .session = NONCE,
					      .payload = payload,
					      .payload_bytes =
						      (uint32_t)payload_bytes,
				      },
				      buf, sizeof(buf), &size), 0);
	write_all(buf, size);
}

static void bad_messages_are_answered(void **state)
{
	(void)state;
	greet(NONCE);
	say_raw(MESSAGE_REQUEST, 2, "short", 5);
	expect_error(MESSAGE_ERROR_BAD_MESSAGE, 2);
	say_raw(33, 3, NULL, 0);
	expect_error(MESSAGE_ERROR_UNKNOWN_TYPE, 3);
	/* One that only the guest may send. */
	say_raw(MESSAGE_DONE, 4, "\0\0\0\0", 4);
	expect_error(MESSAGE_ERROR_UNKNOWN_TYPE, 4);
	say_raw(MESSAGE_HELLO, 5, NULL, 0);
	expect_error(MESSAGE_ERROR_BAD_MESSAGE, 5);
	/* None of it ended the session. */
	say(MESSAGE_LIST, 6);
	expect(MESSAGE_DONE, 6);
}

static void what_the_kernel_has_not_is_refused(void **state)
{
	(void)state;
	greet(NONCE);
	fill_request(1);
	rig.out.request.order = 10;
	say(MESSAGE_REQUEST, 2);
	expect_error(MESSAGE_ERROR_KERNEL, 2);
	assert_non_null(strstr(rig.in.error.text, "order 9 to 9"));
	rig.device.strategies = 1;
	fill_request(1);
	rig.out.request.strategy = MESSAGE_STRATEGY_FREELIST;
	say(MESSAGE_PLAN, 3);
	expect_error(MESSAGE_ERROR_KERNEL, 3);
	fill_request(1);
	rig.out.request.flags = MESSAGE_REQUEST_SYNC;
	say(MESSAGE_REQUEST, 4);
	expect_error(MESSAGE_ERROR_KERNEL, 4);
	assert_int_equal(fake.requests, 0);
}

static void the_kernels_refusals_are_told(void **state)
{
	static const enum message_type types[] = {
		MESSAGE_STATE_GET, MESSAGE_REQUEST, MESSAGE_TOUCH,
		MESSAGE_HOLD,	   MESSAGE_RELEASE, MESSAGE_LIST,
		MESSAGE_MAP_GET,
	};
	uint32_t request = 2;

	(void)state;
	greet(NONCE);
	fake.call_err = -EINVAL;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		sample_message((uint8_t)types[i], &rig.out);
		if (types[i] == MESSAGE_REQUEST)
			fill_request(1);
		say(types[i], request);
		expect_error(MESSAGE_ERROR_KERNEL, request);
		request++;
	}
	fake.call_err = 0;
	fake.request_err = -EBUSY;
	ask(1, request);
	expect_error(MESSAGE_ERROR_KERNEL, request);
	assert_non_null(strstr(rig.in.error.text, "another program"));
}

static void nonsense_of_the_kernel_is_no_answer(void **state)
{
	(void)state;
	greet(NONCE);
	fake.makes_nonsense = true;
	ask(2, 2);
	expect_error(MESSAGE_ERROR_KERNEL, 2);
	fake.makes_nonsense = false;
	say(MESSAGE_STATE_GET, 3);
	fake.guest_pages = UINT64_MAX;
	expect_error(MESSAGE_ERROR_KERNEL, 3);
}

static void garbage_is_skipped(void **state)
{
	static uint8_t junk[100000];

	(void)state;
	greet(NONCE);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(i * 2654435761u >> 13);
	write_all(junk, sizeof(junk));
	hold_some(2, 2);
	assert_true(rig.session.decoder.stats.garbage_bytes == sizeof(junk));
}

/* The first bytes of a long frame, of a host that dies while it writes. */
static void write_half(size_t size)
{
	static uint8_t frame[FRAME_MAX_BYTES];
	size_t frame_bytes;

	sample_message(MESSAGE_TOUCH, &rig.out);
	rig.out.ids.count = MESSAGE_MAX_IDS;
	for (int i = 0; i < MESSAGE_MAX_IDS; i++)
		rig.out.ids.ids[i] = 1;
	assert_int_equal(message_encode(&rig.out, 9, NONCE, frame,
					sizeof(frame), &frame_bytes), 0);
	assert_true(size < frame_bytes);
	write_all(frame, size);
}

static void half_a_frame_does_not_swallow_the_next(void **state)
{
	(void)state;
	/* contigd died while it wrote; its successor comes unseen. */
	write_half(100);
	say_hello(NONCE);
	wait_until(frame_decoder_pending(&rig.session.decoder) > 100);
	for (int i = 0; i < SESSION_STALL_TICKS; i++) {
		assert_true(session_wants_tick(&rig.session));
		session_tick(&rig.session);
	}
	expect(MESSAGE_HELLO_REPLY, 1);
	assert_false(session_wants_tick(&rig.session));
}

static void half_a_frame_goes_with_its_host(void **state)
{
	(void)state;
	greet(NONCE);
	write_half(100);
	wait_until(frame_decoder_pending(&rig.session.decoder) == 100);
	session_drained(&rig.session); /* a look that found nothing more */
	close(rig.host_fd);
	wait_until(rig.session.state == SESSION_NONE);
	reconnect_host();
	/* No tick that would give the half frame up. */
	greet(NONCE + 1);
	assert_true(rig.session.decoder.stats.garbage_bytes == 0);
}

static void a_slow_frame_is_waited_for(void **state)
{
	uint8_t frame[FRAME_HEADER_BYTES];
	size_t size;

	(void)state;
	greet(NONCE);
	rig.out.type = MESSAGE_LIST;
	assert_int_equal(message_encode(&rig.out, 2, NONCE, frame,
					sizeof(frame), &size), 0);
	for (size_t sent = 0; sent < size; sent++) {
		write_all(frame + sent, 1);
		if (sent + 1 == size)
			break;
		wait_until(frame_decoder_pending(&rig.session.decoder) ==
			   sent + 1);
		for (int i = 0; i < SESSION_STALL_TICKS - 1; i++)
			session_tick(&rig.session);
	}
	expect(MESSAGE_DONE, 2);
	assert_true(rig.session.decoder.stats.garbage_bytes == 0);
}

/*
 * Answers that nobody reads, up to the middle of a frame. Returns how many
 * bytes the port has taken of them.
 */
static size_t fill_port(void)
{
	const struct outq *out = &rig.session.out;
	int taken;

	fake.guest_pages = UINT64_C(1) << 30;
	ask(65536, 2);
	wait_until(rig.session.state == SESSION_ANSWERING);
	for (int i = 0; i < 100; i++)
		turn();
	assert_int_equal(rig.session.state, SESSION_ANSWERING);
	assert_true(out->head > out->frame);
	assert_int_equal(ioctl(rig.host_fd, FIONREAD, &taken), 0);
	return (size_t)taken;
}

static void a_new_host_gets_no_old_bytes(void **state)
{
	(void)state;
	greet(NONCE);
	fill_port();
	/* close() would take along what is on its way, as no port does. */
	shutdown(rig.host_fd, SHUT_WR);
	wait_until(rig.session.state == SESSION_NONE);
	close(rig.host_fd);
	reconnect_host();
	greet(NONCE + 1);
	assert_true(rig.decoder.stats.garbage_bytes == 0);
}

static void a_new_hello_goes_before_old_answers(void **state)
{
	size_t taken, seen = 0;

	(void)state;
	greet(NONCE);
	taken = fill_port();
	say_hello(NONCE + 1);
	wait_until(rig.session.nonce == NONCE + 1);
	for (;;) {
		receive();
		if (rig.in.type == MESSAGE_HELLO_REPLY)
			break;
		/* An old frame, of which at least a part was on its way. */
		assert_true(seen < taken);
		seen += rig.in_bytes;
	}
	assert_true(rig.in_session == NONCE + 1);
	assert_true(rig.decoder.stats.garbage_bytes == 0);
	assert_true(seen > taken);
}

static void a_full_port_is_read_in_shares(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
				    SOCK_CLOEXEC, 0, fds), 0);
	/* A read takes one packet at most; a share is 64 reads. */
	for (int i = 0; i < 65; i++)
		assert_int_equal(write(fds[0], "x", 1), 1);
	assert_int_equal(pump_in(fds[1], &rig.session), 1);
	assert_int_equal(pump_in(fds[1], &rig.session), 0);
	assert_true(rig.session.decoder.stats.garbage_bytes == 65);
	close(fds[0]);
	close(fds[1]);
}

static void a_host_that_does_not_read_ends_the_session(void **state)
{
	static uint8_t buf[4096];
	uint32_t request = 3;
	int64_t end = now_ms() + DEADLINE_MS;
	size_t size;

	(void)state;
	greet(NONCE);
	hold_some(3, 2);
	/* Each gets an ERROR that nobody reads. */
	while (rig.session.nonce) {
		assert_true(now_ms() < end);
		assert_int_equal(frame_encode(&(struct frame){
						      .version = FRAME_VERSION,
						      .type = 50,
						      .request = request,
						      .session = NONCE,
					      },
					      buf, sizeof(buf), &size), 0);
		request++;
		write_all(buf, size);
		turn();
	}
	wait_until(rig.session.state == SESSION_NONE);
	assert_int_equal(fake.nr_held, 0);
	/* When it reads again, what it finds is whole frames, then ours. */
	say_hello(NONCE + 5);
	do
		receive();
	while (rig.in.type != MESSAGE_HELLO_REPLY);
	assert_true(rig.in_session == NONCE + 5);
	assert_true(rig.decoder.stats.garbage_bytes == 0);
}

static void an_endless_stream_is_borne(void **state)
{
	static uint8_t flood[1024 * 1024];

	(void)state;
	greet(NONCE);
	for (size_t i = 0; i < sizeof(flood); i++)
		flood[i] = (uint8_t)FRAME_MAGIC[i % 4];
	for (int i = 0; i < 8; i++)
		write_all(flood, sizeof(flood));
	hold_some(2, 2);
}

static void a_failed_release_is_made_up_for(void **state)
{
	(void)state;
	greet(NONCE);
	hold_some(4, 2);
	fake.call_err = -ENOMEM;
	close(rig.host_fd);
	wait_until(rig.session.state == SESSION_NONE);
	assert_int_equal(fake.nr_held, 4);
	reconnect_host();
	/* HELLO is answered all the same. */
	greet(NONCE + 1);
	assert_int_equal(fake.nr_held, 4);
	fake.call_err = 0;
	greet(NONCE + 2);
	assert_int_equal(fake.nr_held, 0);
}

/* Bytes into the decoder, as from a port whose end is not known open. */
static void hello_without_port(uint64_t nonce)
{
	size_t space, size;
	uint8_t *at = frame_decoder_space(&rig.session.decoder, &space);

	sample_message(MESSAGE_HELLO, &rig.out);
	assert_int_equal(message_encode(&rig.out, 1, nonce, at, space, &size),
			 0);
	frame_decoder_filled(&rig.session.decoder, size);
	session_input(&rig.session);
	session_closed(&rig.session);
}

/*
 * A host that said HELLO at once got no answer when its bytes overtook the
 * news that it had opened the port.
 */
static void bytes_may_overtake_the_opening(void **state)
{
	(void)state;
	/* From a closed port, and from one that was closed and opened. */
	for (uint64_t i = 0; i < 2; i++) {
		hello_without_port(NONCE + i);
		for (int j = 0; j < SESSION_STALL_TICKS - 1; j++) {
			assert_true(session_wants_tick(&rig.session));
			session_tick(&rig.session);
		}
		/* Another look that says nothing new. */
		session_closed(&rig.session);
		expect(MESSAGE_HELLO_REPLY, 1);
		assert_true(rig.in_session == NONCE + i);
		session_drained(&rig.session);
		assert_false(session_wants_tick(&rig.session));
		assert_int_equal(rig.session.state, SESSION_READY);
	}
}

static void a_port_that_stays_closed_ends_the_session(void **state)
{
	(void)state;
	hello_without_port(NONCE);
	expect(MESSAGE_HELLO_REPLY, 1);
	for (int i = 0; i < SESSION_STALL_TICKS; i++) {
		assert_true(rig.session.nonce == NONCE);
		session_tick(&rig.session);
	}
	wait_until(rig.session.state == SESSION_NONE);
	assert_false(session_wants_tick(&rig.session));
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(session_state_name(SESSION_NONE), "none");
	assert_string_equal(session_state_name(SESSION_CLEANING), "cleaning");
	assert_string_equal(session_state_name(SESSION_NR_STATES), "unknown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hello_is_answered),
		TEST(a_kernel_without_the_device_is_told),
		TEST(a_node_that_is_not_there_is_named),
		TEST(versions_are_negotiated),
		TEST(regions_are_made_held_and_released),
		TEST(a_plan_makes_nothing),
		TEST(state_and_map_are_told),
		TEST(a_shortfall_is_handed_on),
		TEST(features_are_agreed_on),
		TEST(page_cache_may_be_dropped),
		TEST(what_was_not_agreed_on_is_refused),
		TEST(details_go_before_the_answer),
		TEST(details_are_for_those_who_want_them),
		TEST(details_that_can_not_be_are_left_out),
		TEST(regions_of_any_size_are_made),
		TEST(the_agents_limit_cuts_a_request),
		TEST(the_agents_books_have_an_end),
		TEST(a_large_answer_comes_in_pieces),
		TEST(a_second_request_finds_it_busy),
		TEST(cancel_ends_a_request_early),
		TEST(interrupted_while_waiting_is_cancelled),
		TEST(progress_is_told_meanwhile),
		TEST(progress_tells_what_was_asked_for),
		TEST(a_request_waits_for_its_turn),
		TEST(cancel_ends_the_waiting_for_a_turn),
		TEST(a_map_can_be_cancelled),
		TEST(the_hosts_going_releases_everything),
		TEST(the_hosts_going_cancels_a_request),
		TEST(a_new_hello_waits_for_the_old_request),
		TEST(the_same_hello_changes_nothing),
		TEST(other_nonces_are_dropped),
		TEST(a_repeated_request_is_dropped),
		TEST(bad_messages_are_answered),
		TEST(what_the_kernel_has_not_is_refused),
		TEST(the_kernels_refusals_are_told),
		TEST(nonsense_of_the_kernel_is_no_answer),
		TEST(garbage_is_skipped),
		TEST(half_a_frame_does_not_swallow_the_next),
		TEST(half_a_frame_goes_with_its_host),
		TEST(a_slow_frame_is_waited_for),
		TEST(a_new_host_gets_no_old_bytes),
		TEST(a_new_hello_goes_before_old_answers),
		TEST(a_full_port_is_read_in_shares),
		TEST(a_host_that_does_not_read_ends_the_session),
		TEST(an_endless_stream_is_borne),
		TEST(a_failed_release_is_made_up_for),
		TEST(bytes_may_overtake_the_opening),
		TEST(a_port_that_stays_closed_ends_the_session),
		TEST(states_have_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
