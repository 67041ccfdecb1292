/* Events: the outbox. Written in the transaction of the change they tell of; gap-free, in order. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "control/store/store.h"

struct store_event {
	const char *type; /* "node.ready", "operation.step", an agent's own types */
	const char *stack, *workload, *node, *operation; /* NULL where it does not apply */
	const char *message;
	const json_t *fields; /* NULL: none */
	int64_t at_ns;        /* 0: now */
};

struct store_event_filter {
	int64_t after;
	const char *stack, *type, *operation; /* NULL: any; a type "node." matches what begins so */
	int64_t limit;                        /* 1..STORE_EVENTS_MAX */
};

#define STORE_EVENTS_MAX 1000

int store_event_append(struct store *s, const struct store_event *e, struct sp_err *err);

/* An array of event objects as docs/api.md has them; *ret_next is the cursor to go on from. */
int store_event_list(struct store *s, const struct store_event_filter *f, json_t **ret,
		     int64_t *ret_next, struct sp_err *err);
int store_event_last(struct store *s, int64_t *ret_seq, struct sp_err *err);
