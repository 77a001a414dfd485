/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix stream sockets: connect without waiting, listen safely. */
#ifndef CONTIG_HV_UNIX_SOCKET_H
#define CONTIG_HV_UNIX_SOCKET_H

#include <sys/types.h>

#include "hv/failure.h"

/**
 * unix_connect() - a non-blocking, connected socket
 *
 * Never waits: a listener whose queue is full gives -EAGAIN.
 *
 * Return: the descriptor, or -ENOENT, -ECONNREFUSED, -EACCES, -ENAMETOOLONG...
 */
int unix_connect(const char *path);

/**
 * unix_connect_wait() - a blocking, connected socket
 * @timeout_ms: how long a listener whose queue is full is waited for.
 *
 * Sending on it has no time limit.
 *
 * Return: as unix_connect().
 */
int unix_connect_wait(const char *path, unsigned int timeout_ms);

/* Who made the other end: of a listening socket, who said listen(). */
int unix_peer_pid(int fd, pid_t *ret_pid);

/**
 * unix_listen() - listen on @path, as the only one
 * @mode: permissions of the socket.
 * @gid: its group, or (gid_t)-1 to leave it.
 * @ret_lock_fd: to be kept open as long as the socket is served.
 *
 * A lock on PATH.lock says who serves the path. It goes with its holder
 * however that dies, so a socket that is there without it, and to which nobody
 * can connect, is a left-over and is replaced; the lock file itself is never
 * removed, since removing it would let two hold it.
 *
 * Return: the descriptor; or a negative errno with @ret_failure filled in.
 */
int unix_listen(const char *path, mode_t mode, gid_t gid, int *ret_lock_fd,
		struct failure *ret_failure);

#endif
