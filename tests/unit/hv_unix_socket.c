// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets whose other end is busy, gone, or somebody else's. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hv/unix_socket.h"
#include "tests/unit/hv_test.h"

/* No test waits so long: it is for a listener that never accepts. */
#define LONG_MS 60000

struct place {
	char folder[40];
	char path[60];
	int listen_fd;
	int queued_fd; /* fills the queue */
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_non_null(place);
	strcpy(place->folder, "/tmp/contig.XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/s", place->folder);
	strcpy(address.sun_path, place->path);
	place->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(place->listen_fd >= 0);
	assert_int_equal(bind(place->listen_fd, (struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	assert_int_equal(listen(place->listen_fd, 0), 0);
	place->queued_fd = unix_connect(place->path);
	assert_true(place->queued_fd >= 0);
	assert_int_equal(unix_connect(place->path), -EAGAIN);
	*state = place;
	return 0;
}

static int unmake_place(void **state)
{
	struct place *place = *state;
	char lock[80];

	close(place->listen_fd);
	close(place->queued_fd);
	snprintf(lock, sizeof(lock), "%s.lock", place->path);
	unlink(lock);
	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void *accept_one(void *arg)
{
	struct place *place = arg;
	int fd = accept4(place->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Regression: contigctl failed when many of them came at once. */
static void a_full_queue_is_waited_for(void **state)
{
	struct place *place = *state;
	pthread_t thread;
	int fd;

	assert_int_equal(unix_connect_wait(place->path, 10), -EAGAIN);
	assert_int_equal(pthread_create(&thread, NULL, accept_one, place), 0);
	fd = unix_connect_wait(place->path, LONG_MS);
	pthread_join(thread, NULL);
	assert_true(fd >= 0);
	close(fd);
}

static void nobody_is_not_waited_for(void **state)
{
	struct place *place = *state;

	close(place->listen_fd);
	place->listen_fd = -1;
	assert_int_equal(unix_connect_wait(place->path, LONG_MS),
			 -ECONNREFUSED);
	unlink(place->path);
	assert_int_equal(unix_connect_wait(place->path, LONG_MS), -ENOENT);
}

/* Regression: it was taken for a left-over and removed. */
static void a_busy_socket_is_left_alone(void **state)
{
	struct place *place = *state;
	struct failure failure;
	struct stat stat;
	int lock_fd;

	assert_int_equal(unix_listen(place->path, 0600, (gid_t)-1, &lock_fd,
				     &failure),
			 -EADDRINUSE);
	assert_non_null(strstr(failure.text, "another program serves"));
	assert_int_equal(lstat(place->path, &stat), 0);
}

/* Return: what unix_listen() says to who may not connect. */
static int listen_as_nobody(const struct place *place)
{
	struct failure failure;
	uid_t me = geteuid();
	int lock_fd;
	int fd;

	/* Who may write to the folder may remove what is in it. */
	assert_int_equal(chmod(place->folder, 0777), 0);
	assert_int_equal(chmod(place->path, 0), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	fd = unix_listen(place->path, 0600, (gid_t)-1, &lock_fd, &failure);
	if (fd >= 0) {
		close(fd);
		close(lock_fd);
	}
	assert_int_equal(seteuid(me), 0);
	return fd;
}

/* Regression: it was removed, though somebody may have served it. */
static void a_socket_of_others_is_left_alone(void **state)
{
	const struct place *place = *state;
	struct stat stat;

	assert_int_equal(listen_as_nobody(place), -EADDRINUSE);
	assert_int_equal(lstat(place->path, &stat), 0);
}

static void a_left_over_is_replaced(void **state)
{
	struct place *place = *state;
	struct failure failure;
	int lock_fd;
	int fd;

	close(place->listen_fd);
	place->listen_fd = -1;
	fd = unix_listen(place->path, 0600, (gid_t)-1, &lock_fd, &failure);
	assert_true(fd >= 0);
	close(fd);
	close(lock_fd);
}

#define PLACE(function) \
	cmocka_unit_test_setup_teardown(function, make_place, unmake_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE(a_full_queue_is_waited_for),
		PLACE(nobody_is_not_waited_for),
		PLACE(a_busy_socket_is_left_alone),
		PLACE(a_socket_of_others_is_left_alone),
		PLACE(a_left_over_is_replaced),
	};

	return RUN(tests);
}
