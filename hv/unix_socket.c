// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Clients that may wait to be accepted. */
#define LISTEN_BACKLOG 64

static int fill_address(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret_address->sun_path, path);
	return 0;
}

/* @timeout_ms: of connect(), and of send() from then on; 0: none. */
static int connect_to(const char *path, int type, unsigned int timeout_ms)
{
	struct timeval timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};
	struct sockaddr_un address;
	int fd;
	int r;

	r = fill_address(path, &address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
		       sizeof(timeout)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int unix_connect(const char *path)
{
	return connect_to(path, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

int unix_connect_wait(const char *path, unsigned int timeout_ms)
{
	struct timeval none = { 0 };
	int fd;
	int r;

	fd = connect_to(path, SOCK_STREAM, timeout_ms);
	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int unix_peer_pid(int fd, pid_t *ret_pid)
{
	struct ucred cred;
	socklen_t length = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) < 0)
		return -errno;
	/* 0: somebody in a pid namespace that can't be seen from here. */
	if (cred.pid <= 0)
		return -ESRCH;
	*ret_pid = cred.pid;
	return 0;
}

/* One level only: /run/contig, not a whole path that nobody asked for. */
static int make_parent(const char *path, struct failure *ret_failure)
{
	char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;
	int r;

	strcpy(parent, path);
	slash = strrchr(parent, '/');
	if (slash == NULL || slash == parent)
		return 0;
	*slash = '\0';
	if (mkdir(parent, 0755) == 0 || errno == EEXIST)
		return 0;
	r = -errno;
	failure_set(ret_failure, EXIT_FAILED,
		    "%s: can't make the folder of the socket: %s; make it or "
		    "choose another by --socket PATH",
		    parent, strerror(errno));
	return r;
}

static int take_lock(const char *path, struct failure *ret_failure)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
	int fd;
	int r;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		r = -errno;
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: can't open the lock file: %s; run contigd as "
			    "root or choose another place by --socket PATH",
			    name, strerror(errno));
		return r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: another contigd serves this socket; stop it "
			    "or choose another by --socket PATH",
			    path);
		close(fd);
		return r;
	}
	return fd;
}

/* Holds the lock: no contigd serves what is there. Another program may. */
static int remove_stale(const char *path, struct failure *ret_failure)
{
	struct stat stat;
	int fd;

	if (lstat(path, &stat) < 0)
		return 0;
	if (!S_ISSOCK(stat.st_mode)) {
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: is there and is no socket; remove it or "
			    "choose another by --socket PATH",
			    path);
		return -EEXIST;
	}
	fd = unix_connect(path);
	if (fd >= 0)
		close(fd);
	/*
	 * Only a refusal says that nobody listens. A queue may be full, the
	 * socket no stream, or not for us to connect to.
	 */
	if (fd != -ECONNREFUSED && fd != -ENOENT) {
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: another program serves this socket: %s; "
			    "choose another by --socket PATH",
			    path, fd >= 0 ? "it answers" : strerror(-fd));
		return -EADDRINUSE;
	}
	unlink(path);
	return 0;
}

int unix_listen(const char *path, mode_t mode, gid_t gid, int *ret_lock_fd,
		struct failure *ret_failure)
{
	struct sockaddr_un address;
	mode_t old_mask;
	int lock_fd;
	int fd;
	int r;

	r = fill_address(path, &address);
	if (r < 0) {
		failure_set(ret_failure, EXIT_FAILED,
			    "%s: too long for a socket; use at most %zu bytes",
			    path, sizeof(address.sun_path) - 1);
		return r;
	}
	r = make_parent(path, ret_failure);
	if (r < 0)
		return r;
	lock_fd = take_lock(path, ret_failure);
	if (lock_fd < 0)
		return lock_fd;
	r = remove_stale(path, ret_failure);
	if (r < 0)
		goto close_lock;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		r = -errno;
		goto say_errno;
	}
	/* Nobody may connect before the permissions are what they shall be. */
	old_mask = umask(0777);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(old_mask);
	if (r < 0 ||
	    (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) < 0) ||
	    chmod(path, mode) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		r = -errno;
		goto close_fd;
	}
	*ret_lock_fd = lock_fd;
	return fd;

close_fd:
	close(fd);
say_errno:
	failure_set(ret_failure, EXIT_FAILED,
		    "%s: can't listen: %s; choose another place by --socket "
		    "PATH",
		    path, strerror(-r));
close_lock:
	close(lock_fd);
	return r;
}
