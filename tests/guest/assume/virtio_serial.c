// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What guest-agent/ relies on in virtio-serial, asserted inside a guest.
 *
 *   assume-virtio_serial closed NAME    the host's end is closed all the while
 *   assume-virtio_serial talk NAME      the host does what each step waits for
 *   assume-virtio_serial plug NAME      the host plugs a port named NAME in
 *
 * Prints TAP. Before each thing that the host has to do, the name of the step
 * is written to /tmp/step, where the harness (tests/guest/assume.t) sees it:
 *
 *   open      open the socket, read nothing
 *   read      read 1,000,000 bytes: QEMU goes on when its socket is drained
 *   write     write "hello"
 *   close     close the socket
 *   settle    have QEMU answer something, then make the file /tmp/settled
 *   flash     open it, write "bye", close it
 *   unplug    unplug the port
 *   plug      plug it in
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/time.h>
#include <unistd.h>

#define DEADLINE_MS 60000
/* How long nothing must happen. */
#define QUIET_MS 500

/* More than there can be after one event. */
#define MAX_EDGES 1000

#define WRITE_CUT_BYTES 32768
/* More than any queue between here and the host's socket holds. */
#define QUEUE_MAX_BYTES (64 << 20)

static unsigned int count, failed;

static bool ok(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++count, what);
	fflush(stdout);
	failed += !good;
	return good;
}

static void is(long got, long wanted, const char *what)
{
	if (!ok(got == wanted, what))
		printf("# got %ld instead of %ld\n", got, wanted);
}

static void step(const char *name)
{
	FILE *file = fopen("/tmp/step.new", "we");

	if (!file || fprintf(file, "%s\n", name) < 0 || fclose(file) ||
	    rename("/tmp/step.new", "/tmp/step")) {
		perror("/tmp/step");
		exit(1);
	}
}

/*
 * Until QEMU has done with what it was at, and the guest has taken the
 * interrupts of it.
 */
static void settle(void)
{
	alarm(DEADLINE_MS / 1000);
	step("settle");
	while (access("/tmp/settled", F_OK))
		poll(NULL, 0, 10);
	alarm(0);
}

/* The node of the port with that name, or NULL. */
static const char *find_port(const char *name)
{
	static char node[300];
	struct dirent *entry;
	DIR *dir = opendir("/sys/class/virtio-ports");

	while (dir && (entry = readdir(dir))) {
		char path[300], text[200] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (!fgets(text, sizeof(text), file))
			text[0] = '\0';
		fclose(file);
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, name))
			continue;
		snprintf(node, sizeof(node), "/dev/%s", entry->d_name);
		closedir(dir);
		return node;
	}
	if (dir)
		closedir(dir);
	return NULL;
}

static int open_port(const char *name, int flags)
{
	const char *node = find_port(name);
	int fd;

	if (!node) {
		printf("Bail out! no port has the name %s\n", name);
		exit(1);
	}
	fd = open(node, O_RDWR | O_CLOEXEC | flags);
	if (fd < 0) {
		printf("Bail out! %s: %s\n", node, strerror(errno));
		exit(1);
	}
	return fd;
}

static int watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		perror("epoll");
		exit(1);
	}
	return epoll_fd;
}

/* The next edge's events, 0 when none came in time. */
static unsigned int edge(int epoll_fd, int ms)
{
	struct epoll_event event;

	return epoll_wait(epoll_fd, &event, 1, ms) == 1 ? event.events : 0;
}

/* Waits for an edge with @wanted and without @unwanted. */
static bool edge_with(int epoll_fd, unsigned int wanted, unsigned int unwanted)
{
	for (;;) {
		unsigned int events = edge(epoll_fd, DEADLINE_MS);

		if (!events)
			return false;
		if ((events & wanted) == wanted && !(events & unwanted))
			return true;
	}
}

static void wake(int signal)
{
	(void)signal;
}

static void test_closed(const char *name)
{
	struct itimerval soon = { .it_value.tv_usec = 300000 };
	struct sigaction action = { .sa_handler = wake };
	int fd = open_port(name, O_NONBLOCK), epoll_fd;
	char byte = 'x';

	errno = 0;
	ok(open(find_port(name), O_RDWR | O_NONBLOCK | O_CLOEXEC) < 0 &&
		   errno == EBUSY,
	   "a second open fails with EBUSY");
	is(read(fd, &byte, 1), 0, "read gives 0");
	errno = 0;
	ok(write(fd, &byte, 1) < 0 && errno == EAGAIN,
	   "a non-blocking write gives EAGAIN");
	epoll_fd = watch(fd);
	ok(edge(epoll_fd, DEADLINE_MS) & EPOLLHUP, "the first edge has HUP");
	is(edge(epoll_fd, QUIET_MS), 0, "and then there is none");
	close(epoll_fd);
	close(fd);

	/* A program that forgot O_NONBLOCK. */
	fd = open_port(name, 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	errno = 0;
	ok(write(fd, &byte, 1) < 0 && errno == EINTR,
	   "a blocking write blocks, and a signal ends it");
	close(fd);
}

static void fill(int fd)
{
	static char data[200000];
	long total = 0;
	ssize_t size;

	is(write(fd, data, sizeof(data)), WRITE_CUT_BYTES,
	   "a write is cut at 32 KiB");
	do {
		size = write(fd, data, sizeof(data));
		if (size > 0)
			total += size;
	} while (size > 0 && total < QUEUE_MAX_BYTES);
	ok(size < 0 && errno == EAGAIN, "a full queue gives EAGAIN");
	printf("# %ld bytes were taken\n", total + WRITE_CUT_BYTES);
}

/* Reads until the host's end is seen closed. Return: bytes read, or -1. */
static long read_all(int fd, int epoll_fd, char *data, size_t room)
{
	size_t total = 0;

	for (;;) {
		ssize_t size = read(fd, data + total, room - total);

		if (size > 0)
			total += (size_t)size;
		else if (!size && total)
			return (long)total;
		else if (size && errno != EAGAIN)
			return -1;
		else if (!edge(epoll_fd, DEADLINE_MS))
			return -1;
	}
}

static void test_talk(const char *name)
{
	int fd = open_port(name, O_NONBLOCK), epoll_fd = watch(fd);
	char data[100];

	edge(epoll_fd, QUIET_MS); /* that it is closed */
	step("open");
	ok(edge_with(epoll_fd, EPOLLOUT, EPOLLHUP),
	   "the host's opening is an edge with OUT");
	fill(fd);
	step("read");
	ok(edge_with(epoll_fd, EPOLLOUT, EPOLLHUP),
	   "the host's reading is an edge with OUT");
	step("write");
	ok(edge_with(epoll_fd, EPOLLIN, EPOLLHUP),
	   "the host's writing is an edge with IN");
	is(read(fd, data, sizeof(data)), 5, "read gives what was written");
	errno = 0;
	ok(read(fd, data, sizeof(data)) < 0 && errno == EAGAIN,
	   "a drained port gives EAGAIN while the host's end is open");
	step("close");
	ok(edge_with(epoll_fd, EPOLLHUP, 0),
	   "the host's closing is an edge with HUP");
	is(read(fd, data, sizeof(data)), 0, "read gives 0 then");
	/* What was under way is thrown away, which may be an edge, or more. */
	settle();
	for (int i = 0; i < MAX_EDGES && edge(epoll_fd, 0); i++)
		;
	is(edge(epoll_fd, QUIET_MS), 0, "no edge while it stays closed");
	step("flash");
	is(read_all(fd, epoll_fd, data, sizeof(data)), 3,
	   "what was written before the closing can be read after it");
	step("unplug");
	/* The host's last closing may not have come through yet: EAGAIN. */
	do
		errno = 0;
	while ((read(fd, data, sizeof(data)) == 0 || errno == EAGAIN) &&
	       edge(epoll_fd, DEADLINE_MS));
	is(errno, ENODEV, "an unplugged port gives ENODEV, after an edge");
}

/* Whether the name stood in sysfs when the node was there. */
static void test_plug(const char *name)
{
	char buf[4096]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	int fd = inotify_init1(IN_CLOEXEC), tries = 0;
	bool is_port = false;

	if (fd < 0 || inotify_add_watch(fd, "/dev", IN_CREATE) < 0) {
		perror("inotify");
		exit(1);
	}
	ok(!find_port(name), "the port is not there yet");
	alarm(DEADLINE_MS / 1000);
	step("plug");
	while (!is_port) {
		ssize_t size = read(fd, buf, sizeof(buf));
		ssize_t at = 0;

		while (at < size) {
			const struct inotify_event *event =
				(const struct inotify_event *)(buf + at);

			is_port |= !strncmp(event->name, "vport", 5);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	ok(is_port, "inotify on /dev tells of the new node");
	while (!find_port(name)) {
		tries++;
		poll(NULL, 0, 10);
	}
	ok(true, "its name appears in sysfs");
	printf("# after %d looks in vain\n", tries);
	fd = open_port(name, O_NONBLOCK);
	ok(fd >= 0, "it can be opened");
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s closed|talk|plug NAME\n", argv[0]);
		return 2;
	}
	if (!strcmp(argv[1], "closed")) {
		test_closed(argv[2]);
	} else if (!strcmp(argv[1], "talk")) {
		test_talk(argv[2]);
	} else if (!strcmp(argv[1], "plug")) {
		test_plug(argv[2]);
	} else {
		fprintf(stderr, "%s: '%s': no such case\n", argv[0], argv[1]);
		return 2;
	}
	printf("1..%u\n", count);
	step("end");
	return failed ? 1 : 0;
}
