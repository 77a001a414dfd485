// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent's smaller parts, each by itself. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest-agent/boot.h"
#include "guest-agent/kept.h"
#include "guest-agent/options.h"
#include "guest-agent/outq.h"
#include "guest-agent/port.h"
#include "guest-agent/worker.h"
#include "tests/unit/agent_fake.h"

#define DEADLINE_MS 30000

/* ----- options ----------------------------------------------------------- */

static enum options_result parse(struct options *options, const char *a,
				 const char *b)
{
	char *argv[] = { (char *)"contig-agent", (char *)a, (char *)b, NULL };

	return options_parse(options, 1 + !!a + !!b, argv);
}

static void options_have_defaults(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, NULL, NULL), OPTIONS_RUN);
	assert_string_equal(options.port, "org.contig.agent.0");
	assert_string_equal(options.device, "/dev/coalesce");
	assert_int_equal(options.max_held_percent, 90);
	assert_false(options.background);
}

static void options_are_taken(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, "--port", "a.b"), OPTIONS_RUN);
	assert_string_equal(options.port, "a.b");
	assert_int_equal(parse(&options, "--device=/dev/x", "--background"),
			 OPTIONS_RUN);
	assert_string_equal(options.device, "/dev/x");
	assert_true(options.background);
	assert_int_equal(parse(&options, "--background", "--foreground"),
			 OPTIONS_RUN);
	assert_false(options.background);
	assert_int_equal(parse(&options, "--max-held-percent", "100"),
			 OPTIONS_RUN);
	assert_int_equal(options.max_held_percent, 100);
}

static void bad_options_are_refused(void **state)
{
	static const char *const percents[] = { "0",   "101", "-1", "",
						"1.5", "ten", " 5", "5 ",
						"99999999999999999999" };
	struct options options;

	(void)state;
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		assert_int_equal(parse(&options, "--max-held-percent",
				       percents[i]), OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "--max-held-percent", NULL),
			 OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "--port", ""), OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "--device", "coalesce"),
			 OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "--no-such", NULL),
			 OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "-x", NULL), OPTIONS_EXIT_USAGE);
	assert_int_equal(parse(&options, "--foreground", "word"),
			 OPTIONS_EXIT_USAGE);
}

/* ----- outq -------------------------------------------------------------- */

static struct outq q;

static void put_frame(uint32_t request, uint32_t payload_bytes)
{
	static const uint8_t payload[FRAME_MAX_PAYLOAD_BYTES];
	struct frame frame = {
		.version = FRAME_VERSION,
		.request = request,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};
	size_t space, size;
	uint8_t *at = outq_space(&q, &space);

	assert_int_equal(frame_encode(&frame, at, space, &size), 0);
	outq_put(&q, size);
}

static size_t waiting(void)
{
	size_t size;

	outq_data(&q, &size);
	return size;
}

static void a_cut_leaves_whole_frames(void **state)
{
	(void)state;
	for (size_t sent = 0; sent <= 3 * 132; sent++) {
		size_t rest = sent % 132 ? 132 - sent % 132 : 0;

		outq_clear(&q);
		for (uint32_t i = 0; i < 3; i++)
			put_frame(i, 100);
		/* In two steps, to cross a frame's end with the second. */
		outq_sent(&q, sent / 2);
		outq_sent(&q, sent - sent / 2);
		outq_cut(&q);
		assert_int_equal(waiting(), rest);
		put_frame(9, 0);
		assert_int_equal(waiting(), rest + FRAME_HEADER_BYTES);
	}
}

static void a_roomy_queue_takes_the_longest_frame(void **state)
{
	(void)state;
	outq_clear(&q);
	/* At every place of the buffer that sending leaves it in. */
	for (int i = 0; i < 1000; i++) {
		while (waiting() <= OUTQ_ROOMY_BYTES)
			put_frame(1, FRAME_MAX_PAYLOAD_BYTES);
		while (waiting() > OUTQ_ROOMY_BYTES)
			outq_sent(&q, 1237 < waiting() ? 1237 : waiting());
	}
}

static void a_full_queue_takes_no_more(void **state)
{
	struct frame frame = { .version = FRAME_VERSION };
	size_t space, size, count = 0;
	uint8_t *at;

	(void)state;
	outq_clear(&q);
	for (;;) {
		at = outq_space(&q, &space);
		if (frame_encode(&frame, at, space, &size))
			break;
		outq_put(&q, size);
		count++;
	}
	assert_int_equal(count, OUTQ_BYTES / FRAME_HEADER_BYTES);
}

/* ----- kept -------------------------------------------------------------- */

static void kept_follows_what_is_held(void **state)
{
	struct message_region held[5] = {
		{ .id = 2 }, { .id = 4 }, { .id = 6 }, { .id = 8 }, { .id = 10 }
	};
	const uint64_t ids[] = { 1, 4, 4, 8, 99 };
	struct kept kept = { 0 };
	uint32_t found;

	(void)state;
	assert_int_equal(kept_add(&kept, held, 5, ids, 5, &found), 0);
	assert_int_equal(found, 2);
	kept_mark(&kept, held, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(held[i].flags,
				 i % 2 ? MESSAGE_REGION_KEPT : 0);
	/* 4 is not held any longer; all others are to be kept. */
	held[1].id = 5;
	assert_int_equal(kept_add(&kept, held, 5, NULL, 0, &found), 0);
	assert_int_equal(found, 5);
	assert_int_equal(kept.count, 5);
	assert_true(kept.ids[1] == 5);
	assert_int_equal(kept_add(&kept, NULL, 0, NULL, 0, &found), 0);
	assert_int_equal(kept.count, 0);
	kept_clear(&kept);
}

/* ----- port -------------------------------------------------------------- */

static char root[64], sysfs[128], dev[128];
static struct port port;

static void make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_port(const char *node, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", sysfs, node);
	make_dir(path);
	snprintf(path, sizeof(path), "%s/%s/name", sysfs, node);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s\n", name);
	fclose(file);
}

static void make_node(const char *node)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dev, node);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static int setup_port(void **state)
{
	const struct port_paths paths = { .sysfs = sysfs, .dev = dev };

	(void)state;
	strcpy(root, "/tmp/contig-port-XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(sysfs, sizeof(sysfs), "%s/sys", root);
	snprintf(dev, sizeof(dev), "%s/dev", root);
	make_dir(sysfs);
	make_dir(dev);
	return port_init(&port, "org.contig.agent.0", &paths);
}

static int teardown_port(void **state)
{
	char command[128];

	(void)state;
	port_exit(&port);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static bool wait_for_port(void)
{
	struct pollfd fds[2] = {
		{ .fd = port.watch_fd, .events = POLLIN },
		{ .fd = port.timer_fd, .events = POLLIN },
	};

	if (poll(fds, 2, DEADLINE_MS) <= 0)
		fail_msg("neither the watch nor the timer says anything");
	return fds[0].revents ? port_changed(&port) : port_timer(&port);
}

static void a_port_is_found_by_its_name(void **state)
{
	(void)state;
	make_port("vport0p1", "org.qemu.guest_agent.0");
	make_port("vport0p2", "org.contig.agent.0");
	make_port("vport0p3", "org.contig.agent.01");
	make_node("vport0p1");
	make_node("vport0p2");
	assert_true(port_look(&port));
	assert_true(port.fd >= 0);
	assert_false(port_look(&port)); /* it is open already */
}

static void a_renamed_node_is_found(void **state)
{
	char path[256];

	(void)state;
	make_port("vport0p2", "org.contig.agent.0");
	snprintf(path, sizeof(path), "%s/virtio-ports", dev);
	make_dir(path);
	make_node("virtio-ports/org.contig.agent.0");
	assert_true(port_look(&port));
}

static void a_port_is_waited_for(void **state)
{
	int looks = 0;

	(void)state;
	assert_false(port_look(&port));
	/* The name comes after the node, as in the kernel. */
	make_node("vport1p1");
	assert_false(wait_for_port());
	make_port("vport1p1", "org.contig.agent.0");
	while (!wait_for_port())
		assert_true(++looks < 100);
	assert_true(port.fd >= 0);
}

static void looking_gets_rarer(void **state)
{
	unsigned int before = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_false(port_look(&port));
		assert_true(port.wait_ms > before ||
			    port.wait_ms == PORT_MAX_WAIT_MS);
		before = port.wait_ms;
	}
	assert_int_equal(port.wait_ms, PORT_MAX_WAIT_MS);
	/* A new node makes it quick again. */
	make_node("vport0p1");
	assert_false(port_changed(&port));
	assert_int_equal(port.wait_ms, 2 * PORT_MIN_WAIT_MS);
}

static void a_lost_port_comes_back(void **state)
{
	(void)state;
	make_port("vport0p2", "org.contig.agent.0");
	make_node("vport0p2");
	assert_true(port_look(&port));
	port_lost(&port, -ENODEV);
	assert_int_equal(port.fd, -1);
	while (!wait_for_port())
		;
	assert_true(port.fd >= 0);
}

/* ----- worker ------------------------------------------------------------ */

static atomic_uint signals;

static void count_signal(int signal)
{
	(void)signal;
	atomic_fetch_add(&signals, 1);
}

/*
 * In place of the worker's own handler, which does nothing. A signal that was
 * sent has been counted once the thread has run another job: it can't do
 * anything before it takes the signal.
 */
static void count_signals(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	signals = 0;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static void a_cancel_hits_only_its_own_job(void **state)
{
	static struct worker worker;
	static struct job job;
	struct device device;
	struct kept kept = { 0 };
	struct job_context context = {
		.device = &device,
		.kept = &kept,
		.max_held_percent = 100,
	};
	unsigned int before = 0;

	(void)state;
	fake_reset();
	fake.blocks = true;
	device_open(&device, "");
	assert_int_equal(worker_start(&worker, &context), 0);
	count_signals();
	for (unsigned int i = 0; i < 200; i++) {
		worker_cancel(&worker); /* nothing runs: no signal */
		job.kind = JOB_ASK;
		job.ask.type = MESSAGE_PLAN;
		job.ask.request = (struct message_request){
			.order = 9,
			.count = 2,
		};
		worker_submit(&worker, &job);
		assert_false(i % 2 && worker_collect(&worker));
		while (!worker_collect(&worker)) {
			struct pollfd fd = {
				.fd = worker.event_fd,
				.events = POLLIN,
			};

			if (i % 2)
				fake_go();
			else
				worker_cancel(&worker);
			poll(&fd, 1, 1);
		}
		assert_int_equal(job.reply.type, MESSAGE_ANSWER);
		assert_int_equal(job.reply.answer.made, i % 2 ? 2 : 1);
		if (i % 2)
			assert_int_equal(signals, before);
		else
			assert_true(signals > before);
		before = signals;
		/* What fake_go() said too often. */
		if (i % 2) {
			fake_reset();
			fake.blocks = true;
		}
	}
	worker_stop(&worker);
}

/* Regression: it was stopped before the thread had seen the job. */
static void a_busy_worker_can_be_stopped(void **state)
{
	static struct worker worker;
	static struct job job;
	struct device device;
	struct kept kept = { 0 };
	struct job_context context = {
		.device = &device,
		.kept = &kept,
		.max_held_percent = 100,
	};

	(void)state;
	fake_reset();
	fake.blocks = true;
	device_open(&device, "");
	assert_int_equal(worker_start(&worker, &context), 0);
	job.ask.type = MESSAGE_PLAN;
	job.ask.request = (struct message_request){ .order = 9, .count = 2 };
	worker_submit(&worker, &job);
	/* Ends the program if the worker doesn't. */
	alarm(DEADLINE_MS / 1000);
	while (!fake.requests)
		sched_yield();
	worker_stop(&worker);
	alarm(0);
	assert_int_equal(fake.requests, 1);
	assert_int_equal(fake.interrupted, 1);
}

/* ----- boot -------------------------------------------------------------- */

static void a_boot_has_a_number(void **state)
{
	const char *path = "/proc/sys/kernel/random/boot_id";

	(void)state;
	assert_true(boot_number(path) != 0);
	assert_true(boot_number(path) == boot_number(path));
	/* A new one at each read, as after another boot. */
	assert_true(boot_number("/proc/sys/kernel/random/uuid") !=
		    boot_number("/proc/sys/kernel/random/uuid"));
	assert_true(boot_number("/nonexistent") == 0);
}

#define PORT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_port, teardown_port)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_defaults),
		cmocka_unit_test(options_are_taken),
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(a_cut_leaves_whole_frames),
		cmocka_unit_test(a_roomy_queue_takes_the_longest_frame),
		cmocka_unit_test(a_full_queue_takes_no_more),
		cmocka_unit_test(kept_follows_what_is_held),
		PORT_TEST(a_port_is_found_by_its_name),
		PORT_TEST(a_renamed_node_is_found),
		PORT_TEST(a_port_is_waited_for),
		PORT_TEST(looking_gets_rarer),
		PORT_TEST(a_lost_port_comes_back),
		cmocka_unit_test(a_cancel_hits_only_its_own_job),
		cmocka_unit_test(a_busy_worker_can_be_stopped),
		cmocka_unit_test(a_boot_has_a_number),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
