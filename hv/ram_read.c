// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * query-memdev -> info mtree -f -> gpa2hva of each range's first and last
 * page. The last one shows that the range is one piece in QEMU too.
 */
#include "hv/ram_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ram_read {
	struct qmp *qmp;
	const char *guest;
	const char *path;
	ram_read_fn *done;
	void *userdata;
	struct rammap_backends backends;
	struct rammap *map;
	unsigned int range; /* being asked about */
	bool last_page; /* of it, and not the first */
};

void ram_read_cancel(struct ram_read *read)
{
	if (read == NULL)
		return;
	qmp_forget(read->qmp, read);
	free(read->map);
	free(read);
}

static void finish(struct ram_read *read, const struct failure *failure)
{
	struct rammap *map = read->map;
	ram_read_fn *done = read->done;
	void *userdata = read->userdata;

	read->map = NULL;
	ram_read_cancel(read);
	if (failure != NULL) {
		free(map);
		map = NULL;
	}
	done(userdata, map, failure);
}

/* For what the monitor did, or did not. */
static void fail_qmp(struct ram_read *read, int error, json_t *result)
{
	struct failure failure;
	const char *text;

	switch (error) {
	case -EREMOTEIO:
		text = json_string_value(json_object_get(result, "desc"));
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: QEMU refuses to tell its memory map: "
			    "%s; contig knows QEMU 7.2 to 10",
			    read->guest, text != NULL ? text : "no reason");
		break;
	case -ENOENT:
	case -ECONNREFUSED:
	case -ECONNRESET:
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: QEMU is not there (%s: %s); start the "
			    "guest, or correct qmp= in the configuration",
			    read->guest, read->path, strerror(-error));
		break;
	case -ETIMEDOUT:
	case -EAGAIN:
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: QEMU's monitor %s does not answer; "
			    "give contigd a monitor of its own, since QEMU "
			    "serves one client at a time",
			    read->guest, read->path);
		break;
	default:
		failure_set(&failure, EXIT_FAILED,
			    "guest %s: QEMU's monitor %s can't be used: %s; "
			    "contigd needs to be root or QEMU's user with "
			    "CAP_SYS_PTRACE",
			    read->guest, read->path, strerror(-error));
		break;
	}
	finish(read, &failure);
}

static void fail_map(struct ram_read *read, int error, const char *command)
{
	struct failure failure;

	failure_set(&failure, EXIT_FAILED,
		    "guest %s: QEMU's answer to %s can't be understood: %s; "
		    "contig knows QEMU 7.2 to 10",
		    read->guest, command, strerror(-error));
	finish(read, &failure);
}

static int ask_hmp(struct ram_read *read, const char *line,
		   qmp_reply_fn *reply)
{
	json_t *arguments = json_pack("{s:s}", "command-line", line);

	if (arguments == NULL)
		return -ENOMEM;
	return qmp_execute(read->qmp, "human-monitor-command", arguments,
			   reply, read);
}

static void on_hva(void *userdata, int error, json_t *result);

static int ask_hva(struct ram_read *read)
{
	const struct ram_range *range = &read->map->ranges[read->range];
	uint64_t gpa = range->gpa.v;
	char line[64];

	if (read->last_page)
		gpa += range->bytes - CONTIG_PAGE_BYTES;
	snprintf(line, sizeof(line), "gpa2hva 0x%" PRIx64, gpa);
	return ask_hmp(read, line, on_hva);
}

static void on_hva(void *userdata, int error, json_t *result)
{
	struct ram_read *read = userdata;
	struct ram_range *range;
	const char *text;
	struct gpa gpa;
	struct hva hva;
	int r;

	if (error < 0) {
		fail_qmp(read, error, result);
		return;
	}
	range = &read->map->ranges[read->range];
	gpa = range->gpa;
	if (read->last_page)
		gpa.v += range->bytes - CONTIG_PAGE_BYTES;
	text = json_string_value(result);
	r = text == NULL ? -EBADMSG :
			   rammap_parse_gpa2hva(text, gpa, range->block, &hva);
	if (r == 0 && read->last_page &&
	    hva.v != rammap_hva(range, gpa).v)
		r = -EBADMSG;
	if (r < 0) {
		fail_map(read, r, "gpa2hva");
		return;
	}
	if (!read->last_page)
		range->hva = hva;
	else
		read->range++;
	read->last_page = !read->last_page;
	if (read->range == read->map->count) {
		rammap_join(read->map);
		finish(read, NULL);
		return;
	}
	r = ask_hva(read);
	if (r < 0)
		fail_qmp(read, r, NULL);
}

static void on_mtree(void *userdata, int error, json_t *result)
{
	struct ram_read *read = userdata;
	int r;

	if (error < 0) {
		fail_qmp(read, error, result);
		return;
	}
	if (!json_is_string(result)) {
		fail_map(read, -EBADMSG, "info mtree -f");
		return;
	}
	read->map = calloc(1, sizeof(*read->map));
	if (read->map == NULL)
		r = -ENOMEM;
	else
		r = rammap_parse_mtree(json_string_value(result),
				       json_string_length(result),
				       &read->backends, read->map);
	if (r < 0) {
		fail_map(read, r, "info mtree -f");
		return;
	}
	r = ask_hva(read);
	if (r < 0)
		fail_qmp(read, r, NULL);
}

static void on_memdev(void *userdata, int error, json_t *result)
{
	struct ram_read *read = userdata;
	json_t *backend;
	size_t i;
	int r;

	if (error < 0) {
		fail_qmp(read, error, result);
		return;
	}
	json_array_foreach(result, i, backend) {
		json_t *id = json_object_get(backend, "id");

		if (!json_is_string(id) ||
		    json_string_length(id) >= RAMMAP_BLOCK_BYTES)
			continue;
		if (read->backends.count == RAMMAP_MAX_BACKENDS)
			break;
		strcpy(read->backends.ids[read->backends.count++],
		       json_string_value(id));
	}
	r = ask_hmp(read, "info mtree -f", on_mtree);
	if (r < 0)
		fail_qmp(read, r, NULL);
}

int ram_read_start(struct qmp *qmp, const char *guest, const char *path,
		   ram_read_fn *done, void *userdata,
		   struct ram_read **ret_read)
{
	struct ram_read *read;
	int r;

	read = calloc(1, sizeof(*read));
	if (read == NULL)
		return -ENOMEM;
	read->qmp = qmp;
	read->guest = guest;
	read->path = path;
	read->done = done;
	read->userdata = userdata;
	r = qmp_execute(qmp, "query-memdev", NULL, on_memdev, read);
	if (r < 0) {
		free(read);
		return r;
	}
	*ret_read = read;
	return 0;
}
