// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/pools.h"

#include <glob.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES "/sys/devices/system/node/node[0-9]*"

static int read_number(const char *folder, const char *name, uint64_t *ret)
{
	char path[512];
	FILE *file;
	int found;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (file == NULL)
		return -1;
	found = fscanf(file, "%" SCNu64, ret);
	fclose(file);
	return found == 1 ? 0 : -1;
}

/* Lines like "Node 0 MemFree:   123 kB". */
static void read_meminfo(const char *folder, json_t *node)
{
	char path[512];
	char line[256];
	uint64_t kib;
	FILE *file;

	snprintf(path, sizeof(path), "%s/meminfo", folder);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Node %*u MemTotal: %" SCNu64, &kib) == 1)
			json_object_set_new(node, "total_bytes",
					    json_integer((json_int_t)kib *
							 1024));
		if (sscanf(line, "Node %*u MemFree: %" SCNu64, &kib) == 1)
			json_object_set_new(node, "free_bytes",
					    json_integer((json_int_t)kib *
							 1024));
	}
	fclose(file);
}

static json_t *read_hugepages(const char *folder)
{
	json_t *list = json_array();
	char pattern[512];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/hugepages/hugepages-*kB",
		 folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return list;
	for (i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		uint64_t kib;
		uint64_t total;
		uint64_t free_pages;

		if (sscanf(strrchr(path, '/'), "/hugepages-%" SCNu64 "kB",
			   &kib) != 1 ||
		    read_number(path, "nr_hugepages", &total) < 0 ||
		    read_number(path, "free_hugepages", &free_pages) < 0)
			continue;
		json_array_append_new(
			list, json_pack("{s:I, s:I, s:I}", "size",
					(json_int_t)kib * 1024, "total",
					(json_int_t)total, "free",
					(json_int_t)free_pages));
	}
	globfree(&found);
	return list;
}

json_t *pools_read(void)
{
	json_t *nodes = json_array();
	glob_t found;
	size_t i;

	if (glob(NODES, 0, NULL, &found) != 0)
		return nodes;
	for (i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		json_t *node = json_object();
		int number;

		if (sscanf(strrchr(path, '/'), "/node%d", &number) != 1) {
			json_decref(node);
			continue;
		}
		json_object_set_new(node, "node", json_integer(number));
		read_meminfo(path, node);
		json_object_set_new(node, "hugepages", read_hugepages(path));
		json_array_append_new(nodes, node);
	}
	globfree(&found);
	return nodes;
}
