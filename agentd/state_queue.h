/*
 * What a task has asked of its stack's state and nobody has answered yet: the control plane takes
 * one question after the other and answers it by its id. A question that is not answered in time
 * is answered here, with 503. Values are in memory only, and only as long as they are asked or
 * answered.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/httpd.h"
#include "base/list.h"
#include "base/loop.h"

#define STATE_QUEUE_MAX      16                         /* questions at once */
#define STATE_ANSWER_NS      (60 * INT64_C(1000000000)) /* until one is given up: twice a lock's TTL */
#define STATE_VERSION_HEADER "Stackpilot-Version"

struct state_queue {
	struct sp_loop *loop;
	int64_t answer_ns;        /* until a question is given up */
	struct sp_list questions; /* oldest first */
	size_t n;
};

/* answer_ns: STATE_ANSWER_NS, but for tests. */
void state_queue_init(struct state_queue *q, struct sp_loop *loop, int64_t answer_ns);
/* question is stolen and given an "id" that never comes again, in no other agent either; req is
 * deferred. On failure it is refused. */
void state_queue_put(struct state_queue *q, struct sp_httpd_req *req, json_t *question);
/* The oldest one, a new reference; NULL: there is none. "again": it has been told before, so it may
 * have been done already. */
json_t *state_queue_next(struct state_queue *q);
/*
 * {"id", "status", "value", "version"} replies with plain text and the version as a header,
 * {"id", "status", "body"} with JSON. An id that is not here (its client had no more patience) is
 * passed over.
 */
void state_queue_answer(struct state_queue *q, const json_t *answer);
/* Refuse all that wait. */
void state_queue_end(struct state_queue *q);
