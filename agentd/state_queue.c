/* See state_queue.h. */
#include "agentd/state_queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/reply.h"
#include "base/digest.h"
#include "base/str.h"
#include "base/time.h"

#define ID_BYTES 12

struct question {
	struct sp_list link;
	struct state_queue *queue;
	struct sp_httpd_req *req;
	json_t *json;
	bool told;
	struct sp_timer timeout;
};

void state_queue_init(struct state_queue *q, struct sp_loop *loop, int64_t answer_ns)
{
	*q = (struct state_queue){ .loop = loop, .answer_ns = answer_ns };
	sp_list_init(&q->questions);
}

/* It leaves the queue, and its request is still to be replied to. */
static struct sp_httpd_req *take(struct question *x)
{
	struct sp_httpd_req *req = x->req;

	sp_timer_cancel(&x->timeout);
	sp_list_remove(&x->link);
	x->queue->n--;
	json_decref(x->json);
	free(x);
	return req;
}

static void refuse(struct sp_httpd_req *req, const char *why)
{
	struct sp_err err;

	sp_fail(&err, SP_E_UNHEALTHY, "%s", why);
	sp_httpd_reply_err(req, &err);
}

static void on_timeout(struct sp_timer *t)
{
	struct question *x = t->owner;
	char waited[SP_DURATION_MAX], why[SP_DURATION_MAX + 48];

	sp_duration_format(x->queue->answer_ns, waited);
	snprintf(why, sizeof(why), "the control plane has not answered for %s", waited);
	refuse(take(x), why);
}

/* Whoever hung up left his question behind. */
static void drop_abandoned(struct state_queue *q)
{
	struct question *x;

	SP_LIST_EACH (&q->questions, x, link)
		if (sp_httpd_gone(x->req))
			refuse(take(x), "nobody waits for the answer");
}

static int name_it(json_t *question)
{
	char id[2 * ID_BYTES + 1];

	if (!question || sp_random_hex(id, ID_BYTES, NULL) < 0)
		return -1;
	return json_object_set_new(question, "id", json_string(id));
}

void state_queue_put(struct state_queue *q, struct sp_httpd_req *req, json_t *question)
{
	struct question *x;

	drop_abandoned(q);
	x = q->n < STATE_QUEUE_MAX && name_it(question) == 0 ? calloc(1, sizeof(*x)) : NULL;
	if (!x) {
		json_decref(question);
		refuse(req, "too many questions at once");
		return;
	}
	*x = (struct question){ .queue = q, .req = req, .json = question };
	x->timeout = (struct sp_timer){ .fn = on_timeout, .owner = x };
	sp_list_init(&x->link);
	sp_list_append(&q->questions, &x->link);
	q->n++;
	sp_httpd_defer(req);
	if (sp_timer_arm_in(q->loop, &x->timeout, q->answer_ns) < 0)
		refuse(take(x), "out of memory");
}

json_t *state_queue_next(struct state_queue *q)
{
	struct question *x;

	drop_abandoned(q);
	if (sp_list_empty(&q->questions))
		return NULL;
	x = sp_container_of(q->questions.next, struct question, link);
	if (x->told && json_object_set_new(x->json, "again", json_true()) < 0)
		return NULL;
	x->told = true;
	return json_incref(x->json);
}

static void reply(struct sp_httpd_req *req, const json_t *answer)
{
	const char *value = json_string_value(json_object_get(answer, "value"));
	json_int_t status = json_integer_value(json_object_get(answer, "status"));
	json_t *body = json_object_get(answer, "body");
	char version[24];

	if (status < 200 || status > 599)
		status = 500;
	snprintf(version, sizeof(version), "%lld",
		 (long long)json_integer_value(json_object_get(answer, "version")));
	if (value) {
		sp_httpd_reply_header(req, STATE_VERSION_HEADER, version);
		sp_httpd_reply_text(req, (int)status, "text/plain; charset=utf-8", value);
	} else {
		reply_json(req, (int)status, body ? json_incref(body) : json_object());
	}
}

void state_queue_answer(struct state_queue *q, const json_t *answer)
{
	const char *id = json_string_value(json_object_get(answer, "id"));
	struct question *x;

	SP_LIST_EACH (&q->questions, x, link) {
		if (id && sp_str_eq(id, json_string_value(json_object_get(x->json, "id")))) {
			reply(take(x), answer);
			return;
		}
	}
}

void state_queue_end(struct state_queue *q)
{
	struct question *x;

	SP_LIST_EACH (&q->questions, x, link)
		refuse(take(x), "the state is not served any more");
}
