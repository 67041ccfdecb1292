/*
 * A hook: what shall be told of events, and how. Hooks are described in a JSON file, the value of
 * the configuration key events.hooks:
 *
 *   [{ "name": "chat", "types": ["stack.execution.failed", "lock."], "stacks": ["demo"],
 *      "post": "https://chat.example.com/in", "ca": "/etc/ssl/certs/ca-certificates.crt" },
 *    { "name": "audit", "exec": ["/usr/local/bin/audit", "--json"] }]
 *
 * A type that ends in '.' stands for all that begin so; without types (stacks) every one is told.
 * A command gets the events on its standard input, one JSON object a line, and must exit 0; an
 * address gets {"hook": NAME, "events": [...]} and must answer 2xx.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct hook {
	char *name;             /* an sp_id: the cursor in the store has it */
	char **types, **stacks; /* NULL: all */
	char **exec;            /* argv; NULL: post */
	char *origin, *path;    /* of the address: "https://host:port" and "/path?query" */
	char *ca;               /* authorities that may vouch for the address */
};

struct hooks_read {
	struct hook *list;
	size_t n;
};

#define HOOKS_MAX 64

/* SP_E_INVALID with file and member. file NULL or empty: there are none. */
int hooks_read(const char *file, struct hooks_read *ret, struct sp_err *err);
void hooks_read_fini(struct hooks_read *h);

/* Shall it be told of this event (an object of the API)? */
bool hook_wants(const struct hook *h, const json_t *event);
