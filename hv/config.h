/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contigd's configuration file. */
#ifndef CONTIG_HV_CONFIG_H
#define CONTIG_HV_CONFIG_H

#include <stdint.h>
#include <stdio.h>
#include <sys/un.h>

#include "hv/evidence.h"
#include "hv/failure.h"

#define CONFIG_DEFAULT_FILE "/etc/contig/contig.conf"
#define CONFIG_DEFAULT_SOCKET "/run/contig/contigd.sock"

/* One contigd holds hundreds of guests; each costs some 200 KiB. */
#define CONFIG_MAX_GUESTS 1024
#define CONFIG_MAX_NAME_BYTES 64
#define CONFIG_PATH_BYTES sizeof(((struct sockaddr_un *)0)->sun_path)

struct config_guest {
	char name[CONFIG_MAX_NAME_BYTES];
	char qmp[CONFIG_PATH_BYTES];
	char agent[CONFIG_PATH_BYTES]; /* "": the guest has no agent */
	int line; /* of its section, for messages */
};

struct config {
	char socket[CONFIG_PATH_BYTES];
	char group[64]; /* "": the socket belongs to contigd's own group */
	enum evidence_method evidence;
	uint32_t max_clients;
	unsigned int nr_guests;
	struct config_guest *guests;
};

/* The defaults, without guests. */
void config_init(struct config *config);
void config_free(struct config *config);

/**
 * config_read() - read a file
 * @name: of the file, for messages.
 *
 * Unknown sections and keys, keys given twice and values out of bounds are
 * failures that name file and line.
 *
 * Return: 0, or -EINVAL with @ret_failure filled in; @config must be freed in
 * either case.
 */
int config_read(struct config *config, FILE *file, const char *name,
		struct failure *ret_failure);

/* As config_read(), from the file of that name. */
int config_load(struct config *config, const char *name,
		struct failure *ret_failure);

/* Letters, digits and . _ - with a letter or digit first. */
bool config_name_valid(const char *name);

#endif
