// SPDX-License-Identifier: GPL-2.0-or-later
/* contigd: reads its configuration, opens its socket, and turns the loop. */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "hv/clock.h"
#include "hv/config.h"
#include "hv/control.h"
#include "hv/log.h"
#include "hv/privileges.h"
#include "hv/registry.h"
#include "hv/source_config.h"
#include "hv/unix_socket.h"
#include "hv/version.h"
#include "hv/worker.h"

/* Who may write to the socket may ask for anything. */
#define SOCKET_MODE 0660

/* How long running work may take to come to its end when contigd is stopped. */
#define STOP_NS (3 * NS_PER_S)
#define STOP_LOOK_NS (20 * NS_PER_MS)

struct options {
	const char *config;
	const char *socket;
	bool check;
};

struct daemon {
	struct config config;
	sd_event *event;
	struct worker_pool *workers;
	struct registry registry;
	struct control *control;
	sd_event_source *stop_timer;
	uint64_t stop_ns; /* 0: not stopping */
	int lock_fd;
};

static const char usage[] =
	"Usage: contigd [OPTION]...\n"
	"Gets huge pages behind the memory of guests.\n"
	"\n"
	"  --config FILE  configuration (default " CONFIG_DEFAULT_FILE ")\n"
	"  --socket PATH  where contigctl connects to (default\n"
	"                 " CONFIG_DEFAULT_SOCKET ")\n"
	"  --check        only check the configuration\n"
	"  --version      show the version\n"
	"  --help         show this\n"
	"\n"
	"It stays in the foreground and logs to standard error.\n";

static int fail(const char *text)
{
	fprintf(stderr, "contigd: %s\n", text);
	return EXIT_FAILED;
}

/* Return: 0 to go on, or 1 + the exit status. */
static int parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "check", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	*ret_options = (struct options){ .config = CONFIG_DEFAULT_FILE };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", long_options, NULL)) >=
	       0) {
		switch (option) {
		case 'c':
			ret_options->config = optarg;
			break;
		case 's':
			ret_options->socket = optarg;
			break;
		case 'n':
			ret_options->check = true;
			break;
		case 'v':
			puts("contigd " CONTIG_VERSION);
			return 1 + EXIT_REACHED;
		case 'h':
			fputs(usage, stdout);
			return 1 + EXIT_REACHED;
		case ':':
			fprintf(stderr,
				"contigd: %s needs a value; see contigd "
				"--help\n",
				argv[optind - 1]);
			return 1 + EXIT_USAGE;
		default:
			fprintf(stderr,
				"contigd: unknown option %s; see contigd "
				"--help\n",
				argv[optind - 1]);
			return 1 + EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
			"contigd: takes no argument like '%s'; see contigd "
			"--help\n",
			argv[optind]);
		return 1 + EXIT_USAGE;
	}
	return 0;
}

/* Four for each guest; what can't be had shows when it is needed. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool idle(const struct daemon *daemon)
{
	const struct guest *guest;

	for (guest = daemon->registry.first; guest != NULL;
	     guest = guest->next) {
		if (guest->job != NULL)
			return false;
	}
	return worker_running(daemon->workers) == 0;
}

static int on_stop_timer(sd_event_source *source, uint64_t usec,
			 void *userdata)
{
	struct daemon *daemon = userdata;

	(void)usec;
	if (idle(daemon) || clock_now_ns() >= daemon->stop_ns)
		return sd_event_exit(daemon->event, EXIT_REACHED);
	sd_event_source_set_time_relative(source, STOP_LOOK_NS / NS_PER_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	if (daemon->stop_ns != 0)
		return sd_event_exit(daemon->event, EXIT_REACHED);
	log_line("stopping: %s", strsignal((int)info->ssi_signo));
	sd_notify(0, "STOPPING=1");
	daemon->stop_ns = clock_now_ns() + STOP_NS;
	control_close(daemon->control);
	return sd_event_add_time_relative(daemon->event, &daemon->stop_timer,
					  CLOCK_MONOTONIC, 0, 0, on_stop_timer,
					  daemon);
}

static int find_group(const char *name, gid_t *ret_gid,
		      struct failure *ret_failure)
{
	const struct group *group;

	*ret_gid = (gid_t)-1;
	if (name[0] == '\0')
		return 0;
	group = getgrnam(name);
	if (group == NULL) {
		failure_set(ret_failure, EXIT_FAILED,
			    "group '%s' does not exist; make it by groupadd, "
			    "or correct group= in the configuration",
			    name);
		return -ENOENT;
	}
	*ret_gid = group->gr_gid;
	return 0;
}

static int listen_on(struct daemon *daemon, struct failure *ret_failure)
{
	gid_t gid;
	int fd;
	int r;

	r = find_group(daemon->config.group, &gid, ret_failure);
	if (r < 0)
		return r;
	fd = unix_listen(daemon->config.socket, SOCKET_MODE, gid,
			 &daemon->lock_fd, ret_failure);
	if (fd < 0)
		return fd;
	r = control_new(daemon->event, fd, &daemon->registry,
			daemon->config.max_clients, &daemon->control);
	if (r < 0) {
		close(fd);
		failure_set(ret_failure, EXIT_FAILED, "can't serve %s: %s",
			    daemon->config.socket, strerror(-r));
	}
	return r;
}

static int set_up(struct daemon *daemon, struct failure *ret_failure)
{
	sigset_t signals;
	int r;

	failure_set(ret_failure, EXIT_FAILED, "can't start: out of memory");
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_default(&daemon->event);
	if (r < 0)
		return r;
	r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_signal,
				daemon);
	if (r < 0)
		return r;
	r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_signal,
				daemon);
	if (r < 0)
		return r;
	r = worker_pool_new(daemon->event, &daemon->workers);
	if (r < 0)
		return r;
	r = listen_on(daemon, ret_failure);
	if (r < 0)
		return r;
	r = privileges_drop();
	if (r < 0) {
		failure_set(ret_failure, EXIT_FAILED,
			    "can't give up capabilities: %s", strerror(-r));
		return r;
	}
	r = source_config_add(&daemon->registry, &daemon->config,
			      daemon->event, daemon->workers);
	if (r < 0)
		failure_set(ret_failure, EXIT_FAILED,
			    "can't take up the guests: %s", strerror(-r));
	return r;
}

static void tear_down(struct daemon *daemon)
{
	control_free(daemon->control);
	/* Work that did not end in time still uses these; the exit ends it. */
	if (daemon->workers != NULL && !idle(daemon))
		return;
	registry_free(&daemon->registry);
	worker_pool_free(daemon->workers);
	sd_event_source_disable_unref(daemon->stop_timer);
	sd_event_unref(daemon->event);
	config_free(&daemon->config);
}

static int take_configuration(struct config *config,
			      const struct options *options)
{
	struct failure failure;

	if (config_load(config, options->config, &failure) < 0)
		return fail(failure.text);
	if (options->socket == NULL)
		return EXIT_REACHED;
	if (strlen(options->socket) >= CONFIG_PATH_BYTES) {
		fprintf(stderr,
			"contigd: --socket: the path is too long for a "
			"socket; use at most %zu bytes\n",
			CONFIG_PATH_BYTES - 1);
		return EXIT_USAGE;
	}
	strcpy(config->socket, options->socket);
	return EXIT_REACHED;
}

static int serve(struct daemon *daemon)
{
	struct failure failure;
	int r;

	r = set_up(daemon, &failure);
	if (r < 0)
		return fail(failure.text);
	log_line("ready: %u guests, socket %s", daemon->registry.count,
		 daemon->config.socket);
	sd_notify(0, "READY=1");
	r = sd_event_loop(daemon->event);
	return r < 0 ? fail("the event loop failed") : r;
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .lock_fd = -1 };
	struct options options;
	int status;
	int r;

	r = parse_options(argc, argv, &options);
	if (r > 0)
		return r - 1;
	raise_descriptor_limit();
	/* A log that nobody reads any more is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	/* What a flood needed for a moment shall go back to the host. */
	mallopt(M_ARENA_MAX, 2);
	registry_init(&daemon.registry);
	config_init(&daemon.config);
	status = take_configuration(&daemon.config, &options);
	if (status == EXIT_REACHED && options.check)
		printf("%s: %u guests\n", options.config,
		       daemon.config.nr_guests);
	else if (status == EXIT_REACHED)
		status = serve(&daemon);
	tear_down(&daemon);
	return status;
}
