// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * contig-agent: one thread with an event loop, one for the kernel's slow
 * calls. Everything that is waited for is a descriptor in one epoll set; the
 * port is there edge-triggered, because with the host's end closed it is
 * readable (with 0 bytes) and hung up for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guest-agent/boot.h"
#include "guest-agent/device.h"
#include "guest-agent/kept.h"
#include "guest-agent/log.h"
#include "guest-agent/options.h"
#include "guest-agent/port.h"
#include "guest-agent/pump.h"
#include "guest-agent/session.h"
#include "guest-agent/worker.h"

enum source {
	SOURCE_PORT,
	SOURCE_PORT_WATCH,
	SOURCE_PORT_TIMER,
	SOURCE_WORKER,
	SOURCE_TICK,
	SOURCE_SIGNAL,
	SOURCE_COUNT,
};

struct agent {
	int epoll_fd;
	int tick_fd;
	int signal_fd;
	bool ticks;
	bool port_has_more;
	bool is_stopping;
	struct port port;
	struct device device;
	struct kept kept;
	struct worker worker;
	struct session session;
};

/* Large and needed once: not on the stack. */
static struct agent the_agent;

static int watch(struct agent *agent, int fd, enum source source,
		 uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = source };

	if (epoll_ctl(agent->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	return 0;
}

static void lose_port(struct agent *agent, int err)
{
	agent->port_has_more = false;
	session_hangup(&agent->session);
	port_lost(&agent->port, err); /* closing ends the watching, too */
}

static void port_opened(struct agent *agent)
{
	int err;

	err = watch(agent, agent->port.fd, SOURCE_PORT,
		    EPOLLIN | EPOLLOUT | EPOLLET);
	if (err)
		lose_port(agent, err);
	else
		agent->port_has_more = true; /* what came before we looked */
}

static void read_port(struct agent *agent)
{
	int result;

	if (agent->port.fd < 0)
		return;
	result = pump_in(agent->port.fd, &agent->session);
	agent->port_has_more = result > 0;
	if (result < 0)
		lose_port(agent, result);
}

static void tick(struct agent *agent)
{
	unsigned long long count;

	if (read(agent->tick_fd, &count, sizeof(count)) > 0)
		session_tick(&agent->session);
}

static void take_signal(struct agent *agent)
{
	struct signalfd_siginfo info;

	if (read(agent->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	log_line(LOG_LEVEL_INFO, "%s: stopping; what is held goes back",
		 strsignal((int)info.ssi_signo));
	agent->is_stopping = true;
}

static void handle(struct agent *agent, enum source source)
{
	switch (source) {
	case SOURCE_PORT:
		read_port(agent);
		break;
	case SOURCE_PORT_WATCH:
		if (port_changed(&agent->port))
			port_opened(agent);
		break;
	case SOURCE_PORT_TIMER:
		if (port_timer(&agent->port))
			port_opened(agent);
		break;
	case SOURCE_WORKER:
		if (worker_collect(&agent->worker))
			session_job_done(&agent->session);
		break;
	case SOURCE_TICK:
		tick(agent);
		break;
	case SOURCE_SIGNAL:
		take_signal(agent);
		break;
	case SOURCE_COUNT:
		break;
	}
}

static void set_tick(struct agent *agent)
{
	bool wanted = session_wants_tick(&agent->session);
	long ns = wanted ? SESSION_TICK_MS * 1000000L : 0;
	struct itimerspec when = {
		.it_value.tv_nsec = ns,
		.it_interval.tv_nsec = ns,
	};

	if (wanted == agent->ticks)
		return;
	agent->ticks = wanted;
	timerfd_settime(agent->tick_fd, 0, &when, NULL);
}

/* What may have become possible or necessary through any event. */
static void follow_up(struct agent *agent)
{
	int err;

	if (agent->port_has_more)
		read_port(agent);
	if (agent->port.fd >= 0) {
		err = pump_out(agent->port.fd, &agent->session);
		if (err)
			lose_port(agent, err);
	}
	set_tick(agent);
}

static int loop(struct agent *agent)
{
	if (port_look(&agent->port))
		port_opened(agent);
	while (!agent->is_stopping) {
		struct epoll_event events[SOURCE_COUNT];
		int count;

		follow_up(agent);
		count = epoll_wait(agent->epoll_fd, events, SOURCE_COUNT,
				   agent->port_has_more ? 0 : -1);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++)
			handle(agent, (enum source)events[i].data.u32);
	}
	return 0;
}

static int make_signal_fd(void)
{
	sigset_t set;

	/* A closed standard error or port must not be the end. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int add_sources(struct agent *agent)
{
	int err;

	agent->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	agent->tick_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	agent->signal_fd = make_signal_fd();
	if (agent->epoll_fd < 0 || agent->tick_fd < 0 || agent->signal_fd < 0)
		return -errno;
	err = watch(agent, agent->tick_fd, SOURCE_TICK, EPOLLIN);
	if (!err)
		err = watch(agent, agent->signal_fd, SOURCE_SIGNAL, EPOLLIN);
	if (!err)
		err = watch(agent, agent->port.timer_fd, SOURCE_PORT_TIMER,
			    EPOLLIN);
	if (!err && agent->port.watch_fd >= 0)
		err = watch(agent, agent->port.watch_fd, SOURCE_PORT_WATCH,
			    EPOLLIN);
	return err;
}

static int start(struct agent *agent, const struct options *options)
{
	const struct port_paths paths = {
		.sysfs = "/sys/class/virtio-ports",
		.dev = "/dev",
	};
	const struct job_context context = {
		.device = &agent->device,
		.kept = &agent->kept,
		.max_held_percent = options->max_held_percent,
		.busy_retries = JOB_BUSY_RETRIES,
	};
	int err;

	agent->device.fd = -1;
	err = port_init(&agent->port, options->port, &paths);
	if (!err)
		err = add_sources(agent);
	/* After the signals are blocked: the worker is to take none of them. */
	if (!err)
		err = worker_start(&agent->worker, &context);
	if (!err)
		err = watch(agent, agent->worker.event_fd, SOURCE_WORKER,
			    EPOLLIN);
	if (err)
		return err;
	session_init(&agent->session, &agent->worker, &agent->device,
		     options->device,
		     boot_number("/proc/sys/kernel/random/boot_id"));
	session_open_device(&agent->session);
	return 0;
}

int main(int argc, char **argv)
{
	struct options options;
	int err;

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_EXIT_OK:
		return EXIT_SUCCESS;
	case OPTIONS_EXIT_USAGE:
		return 2;
	}
	if (options.background) {
		err = log_to_kernel();
		if (err || daemon(0, 0)) {
			fprintf(stderr, "contig-agent: --background: %s\n",
				strerror(err ? -err : errno));
			return EXIT_FAILURE;
		}
	}
	err = start(&the_agent, &options);
	if (!err)
		err = loop(&the_agent);
	if (err)
		log_line(LOG_LEVEL_ERROR, "event loop: %s", strerror(-err));
	/*
	 * The worker may be in the kernel for a while yet. The process's end
	 * interrupts it, closes the device, and what is held goes back.
	 */
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
