// SPDX-License-Identifier: GPL-2.0-or-later
#include "hv/guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A try that fails as the one before did is not news. */
static void say(struct guest *guest, char said[GUEST_SAID_BYTES],
		const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(struct guest *guest, char said[GUEST_SAID_BYTES],
		const char *format, ...)
{
	char text[GUEST_SAID_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || strcmp(text, said) == 0)
		return;
	strcpy(said, text);
	log_guest(&guest->log_limit, guest->name, "%s", text);
}

/* Only what an operator wants to know. */
static void on_qmp_changed(void *userdata, enum qmp_state state, int error)
{
	struct guest *guest = userdata;

	if (state == QMP_READY)
		say(guest, guest->qmp_said, "QEMU found, pid %d",
		    (int)qmp_process(guest->qmp)->pid);
	else if (state == QMP_DOWN && error == -ECONNRESET)
		say(guest, guest->qmp_said, "QEMU closed its monitor");
	else if (state == QMP_DOWN && error != -ENOENT &&
		 error != -ECONNREFUSED)
		say(guest, guest->qmp_said, "QEMU's monitor %s: %s",
		    guest->qmp_path, strerror(-error));
}

static const struct qmp_events qmp_events = {
	.changed = on_qmp_changed,
};

static void on_session_changed(void *userdata, enum session_state state,
			       const char *text)
{
	struct guest *guest = userdata;

	switch (state) {
	case SESSION_READY:
		/* Also after each call. What goes wrong from here is news. */
		guest->agent_said[0] = '\0';
		break;
	case SESSION_VERSION:
		say(guest, guest->agent_said, "agent: %s", text);
		break;
	case SESSION_FAULTY:
		say(guest, guest->agent_said, "agent broke the rules: %s",
		    text);
		break;
	default:
		break;
	}
}

static const struct session_events session_events = {
	.changed = on_session_changed,
};

int guest_new(sd_event *event, struct worker_pool *workers,
	      const struct config_guest *config, enum evidence_method evidence,
	      struct guest **ret_guest)
{
	struct guest *guest;
	int r;

	guest = calloc(1, sizeof(*guest));
	if (guest == NULL)
		return -ENOMEM;
	strcpy(guest->name, config->name);
	strcpy(guest->qmp_path, config->qmp);
	strcpy(guest->agent_path, config->agent);
	guest->event = event;
	guest->workers = workers;
	guest->evidence = evidence;
	r = qmp_new(event, guest->qmp_path, &qmp_events, guest, &guest->qmp);
	if (r < 0)
		goto free_guest;
	if (guest->agent_path[0] != '\0') {
		r = session_new(event, guest->agent_path, guest->name,
				&session_events, guest, &guest->session);
		if (r < 0)
			goto free_qmp;
	}
	*ret_guest = guest;
	return 0;

free_qmp:
	qmp_free(guest->qmp);
free_guest:
	free(guest);
	return r;
}

void guest_free(struct guest *guest)
{
	if (guest == NULL)
		return;
	session_free(guest->session);
	qmp_free(guest->qmp);
	free(guest);
}
