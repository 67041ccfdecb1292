/*
 * A context: where controld is, who asks, and how to get there. A strict JSON file:
 *
 *   {"url": "https://192.168.56.10:7700", "unix": "/run/stackpilot/controld.sock",
 *    "ca": "ca.pem", "cert": "operator.pem", "key": "operator.key",
 *    "netns": {"path": "/proc/4711/ns/net", "inode": 4026532008}, "lab_topology": "topology"}
 *
 * Either url or unix; https needs ca, cert and key. Relative paths start at the file's own
 * directory.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct ctl_context {
	char *file;            /* where it was read from */
	char *url;             /* NULL with unix_path */
	char *unix_path;       /* NULL with url */
	char *ca, *cert, *key; /* files; NULL without TLS */
	char *netns;           /* path of a network namespace to enter; NULL: stay */
	uint64_t netns_inode;
	char *topology; /* the lab's topology file; NULL: not a lab */
};

/* json is borrowed; file names it in messages. */
int ctl_context_decode(json_t *json, const char *file, struct ctl_context **ret,
		       struct sp_err *err);

/*
 * Read the context: path when it is not NULL, else $STACKPILOT_CONTEXT, else the first that exists
 * of
 * ~/.config/stackpilot/context.json and ../etc/stackpilot/context.json beside ctl's own directory.
 */
int ctl_context_load(const char *path, struct ctl_context **ret, struct sp_err *err);
void ctl_context_free(struct ctl_context *c); /* takes NULL */

SP_AUTO(struct ctl_context *, ctl_context_free)
