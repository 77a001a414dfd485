// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's session against a hostile host and a kernel that fails. The
 * input is a list of steps, a byte each with what it needs behind it:
 * bytes into the port, a well-formed frame with any payload, a job's end, a
 * tick, the host's reading or going, the kernel's moods.
 *
 * Held true: what the agent writes are whole frames of messages that decode;
 * one job at a time; what is held when no session is left is kept.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "guest-agent/session.h"
#include "tests/fuzz/fuzz_worker.h"
#include "tests/unit/agent_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static struct device device;
static struct kept kept;
static struct worker worker;
static struct session session;
static struct frame_decoder host;
static struct message message;
static bool kernel_failed;

static void require(int condition)
{
	if (!condition)
		abort();
}

static uint8_t next_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

/* Up to @size bytes of the input. */
static const uint8_t *next_bytes(struct input *in, size_t *size)
{
	const uint8_t *at = in->at;

	if (*size > in->left)
		*size = in->left;
	in->at += *size;
	in->left -= *size;
	return at;
}

static void give(const uint8_t *data, size_t size)
{
	while (size) {
		size_t space;
		uint8_t *at = frame_decoder_space(&session.decoder, &space);
		size_t piece = size < space ? size : space;

		require(space > 0);
		memcpy(at, data, piece);
		frame_decoder_filled(&session.decoder, piece);
		session_input(&session);
		data += piece;
		size -= piece;
	}
}

static void give_frame(struct input *in)
{
	static uint8_t buf[FRAME_MAX_BYTES];
	struct frame frame = { .version = FRAME_VERSION };
	size_t bytes = 0, size;
	uint8_t kind = next_byte(in);

	if (kind & 0x80)
		frame.version = next_byte(in);
	frame.session = 1 + (kind & 3);
	frame.type = next_byte(in);
	frame.request = next_byte(in);
	size = next_byte(in);
	if (kind & 0x40)
		size *= 256;
	frame.payload = next_bytes(in, &size);
	frame.payload_bytes = (uint32_t)size;
	require(!frame_encode(&frame, buf, sizeof(buf), &bytes));
	give(buf, bytes);
}

/* The host reads up to @size bytes of what the agent has to say. */
static void read_output(size_t size)
{
	struct frame frame;
	size_t waiting, space;
	const uint8_t *from = outq_data(&session.out, &waiting);
	uint8_t *to = frame_decoder_space(&host, &space);

	size = size < waiting ? size : waiting;
	size = size < space ? size : space;
	if (!size)
		return;
	memcpy(to, from, size);
	frame_decoder_filled(&host, size);
	outq_sent(&session.out, size);
	session_output_sent(&session);
	while (frame_decoder_next(&host, &frame)) {
		require(frame.session != 0);
		require(frame.type >= MESSAGE_HELLO_REPLY);
		require(!message_decode(frame.type, frame.payload,
					frame.payload_bytes, &message));
	}
	require(!host.stats.garbage_bytes);
}

static void finish_job(void)
{
	fuzz_worker_run(&worker);
	if (worker_collect(&worker))
		session_job_done(&session);
}

static void hang_up(void)
{
	session_hangup(&session);
	frame_decoder_reset(&host);
}

/* Both may find that the host is gone, and throw away what waits for it. */
static void tick(void)
{
	bool is_alive = session.nonce || session.hello.waits;

	if (!session_wants_tick(&session))
		return;
	if (is_alive && !session.port_open &&
	    session.closed_ticks + 1 >= SESSION_STALL_TICKS)
		frame_decoder_reset(&host);
	session_tick(&session);
}

static void look_closed(void)
{
	if (session.port_open && !session.port_unsure)
		frame_decoder_reset(&host);
	session_closed(&session);
}

static void set_mood(uint8_t mood)
{
	fake.open_err = mood & 1 ? -ENOENT : 0;
	fake.call_err = mood & 2 ? -ENOMEM : 0;
	fake.request_err = mood & 4 ? -EINTR : mood & 8 ? -EBUSY : 0;
	fake.makes_nonsense = mood & 16;
	fake.can_make = mood & 32 ? 1 : 3000;
	fake.guest_pages = mood & 64 ? 1 << 24 : 262144;
	fake.max_order = mood & 1 ? 9 : 18;
	fake.can_reclaim = !(mood & 2);
	/* The second can't be, and the first only when so many are missing. */
	fake.details = (struct message_details){
		.count = mood & 128 ? 2 : 0,
		.details = { { .reason = 2, .regions = 1, .name = "dentry" },
			     { .reason = 2, .regions = 1, .name = "\n" } },
	};
	kernel_failed |= mood & 2;
}

static void step(struct input *in)
{
	size_t size;
	const uint8_t *at;

	switch (next_byte(in) % 10) {
	case 0:
	case 1:
		give_frame(in);
		break;
	case 2:
		size = next_byte(in);
		at = next_bytes(in, &size);
		give(at, size);
		break;
	case 3:
		finish_job();
		break;
	case 4:
		read_output((size_t)next_byte(in) << (next_byte(in) % 12));
		break;
	case 5:
		tick();
		break;
	case 6:
		hang_up();
		break;
	case 7:
		set_mood(next_byte(in));
		break;
	case 8:
		session_drained(&session);
		break;
	case 9:
		look_closed();
		break;
	}
	require(session.state < SESSION_NR_STATES);
	require((worker.state == WORKER_BUSY) ==
		(session.state == SESSION_WORKING ||
		 session.state == SESSION_CLEANING));
	require(!session.nonce == (session.state == SESSION_NONE ||
				   session.state == SESSION_CLEANING));
}

/* However it stands now: the host goes, and then all must be in order. */
static void check_end(void)
{
	hang_up();
	for (int i = 0; i < 4; i++)
		finish_job();
	require(session.state == SESSION_NONE);
	require(worker.state == WORKER_IDLE);
	if (kernel_failed)
		return;
	for (uint32_t i = 0; i < fake.nr_held; i++)
		fake.held[i].flags = 0;
	kept_mark(&kept, fake.held, fake.nr_held);
	for (uint32_t i = 0; i < fake.nr_held; i++)
		require(fake.held[i].flags == MESSAGE_REGION_KEPT);
}

static void begin(void)
{
	const struct job_context context = {
		.device = &device,
		.kept = &kept,
		.max_held_percent = 90,
	};

	/* Not fake_reset(): it opens a descriptor and clears megabytes. */
	memset(&fake, 0, offsetof(struct fake, held));
	fake.next_id = 1;
	set_mood(0);
	kernel_failed = false;
	device.fd = -1;
	worker_start(&worker, &context);
	session_init(&session, &worker, &device, "/dev/coalesce", 1);
	frame_decoder_init(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	begin();
	/* The books of the fake have an end: so many requests fit. */
	while (in.left && fake.nr_held < FAKE_MAX_HELD - 65536)
		step(&in);
	check_end();
	job_free(&session.job);
	kept_clear(&kept);
	return 0;
}
