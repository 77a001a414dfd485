// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the commands that a test sends over a serial line, inside the guest.
 *
 * A line on the wire is one of
 *
 *	PING nonce		answered by	PONG nonce
 *	RUN nonce size		followed by size bytes, a shell command;
 *				answered by	DONE nonce status size
 *				and size bytes: what it printed
 *
 * Any other line is skipped: the first bytes after boot may be half a line.
 * The answer is sent when the shell ends, even if something that it left in
 * the background still has its output open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define COMMAND_MAX_BYTES 65536
#define LINE_MAX_BYTES 128

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_all(int fd, const char *buf, size_t size)
{
	while (size) {
		ssize_t n = write(fd, buf, size);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			die("write to the line");
		}
		buf += n;
		size -= n;
	}
}

static char read_byte(int fd)
{
	static char buf[4096];
	static ssize_t have, at;

	while (at == have) {
		at = 0;
		have = read(fd, buf, sizeof(buf));
		if (have < 0 && errno == EINTR)
			have = 0;
		if (have < 0)
			die("read from the line");
	}
	return buf[at++];
}

/* An over-long line is cut; it can't be one of ours. */
static void read_line(int fd, char *line)
{
	size_t used = 0;
	char c;

	while ((c = read_byte(fd)) != '\n')
		if (used < LINE_MAX_BYTES - 1)
			line[used++] = c;
	line[used] = '\0';
}

/* A guest short of memory must not lose the one who can tell. */
static void set_oom_score(const char *score)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, score, strlen(score)) < 0)
		die("oom_score_adj");
	close(fd);
}

static int run(const char *command, int out)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		setsid();
		set_oom_score("0");
		dup2(null, 0);
		dup2(out, 1);
		dup2(out, 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

static void answer(int line, const char *nonce, int status, int out)
{
	char head[LINE_MAX_BYTES], buf[4096];
	struct stat st;
	off_t at = 0;

	if (fstat(out, &st))
		die("fstat");
	snprintf(head, sizeof(head), "DONE %s %d %lld\n", nonce, status,
		 (long long)st.st_size);
	write_all(line, head, strlen(head));
	while (at < st.st_size) {
		size_t want = st.st_size - at;
		ssize_t n = pread(out, buf,
				  want < sizeof(buf) ? want : sizeof(buf), at);

		if (n <= 0)
			die("read of the output");
		write_all(line, buf, n);
		at += n;
	}
}

static void serve(int line, const char *nonce, size_t size)
{
	char *command = malloc(size + 1);
	int out = memfd_create("output", MFD_CLOEXEC);

	if (!command || out < 0)
		die("memory for a command");
	for (size_t i = 0; i < size; i++)
		command[i] = read_byte(line);
	command[size] = '\0';
	answer(line, nonce, run(command, out), out);
	close(out);
	free(command);
}

int main(int argc, char **argv)
{
	char text[LINE_MAX_BYTES], nonce[33];
	struct termios tio;
	size_t size;
	int line;

	if (argc != 2) {
		fprintf(stderr, "usage: guest-runner /dev/ttySN\n");
		return 2;
	}
	line = open(argv[1], O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (line < 0)
		die(argv[1]);
	if (tcgetattr(line, &tio))
		die("tcgetattr");
	cfmakeraw(&tio);
	if (tcsetattr(line, TCSANOW, &tio))
		die("tcsetattr");
	set_oom_score("-1000");
	for (;;) {
		read_line(line, text);
		if (sscanf(text, "PING %32[0-9a-f]", nonce) == 1) {
			snprintf(text, sizeof(text), "PONG %s\n", nonce);
			write_all(line, text, strlen(text));
		} else if (sscanf(text, "RUN %32[0-9a-f] %zu", nonce,
				  &size) == 2 && size <= COMMAND_MAX_BYTES) {
			serve(line, nonce, size);
		}
	}
}
