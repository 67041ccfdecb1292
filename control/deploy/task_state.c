/* See task_state.h. */
#include "control/deploy/task_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/httpd.h"
#include "base/json.h"
#include "base/str.h"
#include "control/store/state.h"

/* A question as it came. */
struct question {
	struct operation *o;
	struct task_state *state;
	const char *key, *value;
	bool sensitive, again;
	int64_t expected; /* version, or STORE_STATE_ANY */
};

/* An answer on success. */
typedef int (*answer_fn)(const struct question *q, json_t **ret, struct sp_err *err);

static int answer_as(json_t *answer, json_t **ret, struct sp_err *err)
{
	*ret = answer;
	return answer ? 0 : sp_fail_nomem(err);
}

static int answer_ls(const struct question *q, json_t **ret, struct sp_err *err)
{
	json_t *list = NULL;
	int r = store_state_list(q->o->store, q->o->row.stack, &list, err);

	return r < 0 ? r
		     : answer_as(json_pack("{s:i, s:{s:o}}", "status", 200, "body", "state", list),
				 ret, err);
}

static int answer_value(const struct question *q, bool shown, json_t **ret, struct sp_err *err)
{
	autostate struct store_state_value v = { 0 };
	int r = store_state_get(q->o->store, q->o->row.stack, q->key, &v, err);

	return r < 0 ? r
		     : answer_as(json_pack("{s:i, s:s, s:I}", "status", 200, "value",
					   shown ? v.value : "", "version", (json_int_t)v.version),
				 ret, err);
}

static int answer_get(const struct question *q, json_t **ret, struct sp_err *err)
{
	return answer_value(q, true, ret, err);
}

static int answer_has(const struct question *q, json_t **ret, struct sp_err *err)
{
	return answer_value(q, false, ret, err);
}

#define BY_MAX (SP_ID_MAX + 8) /* "task:migrate" */

/* by: where the name of who asks is kept. */
static struct store_state_change change_of(const struct question *q, char by[BY_MAX])
{
	snprintf(by, BY_MAX, "task:%s", q->state->task->task->run.name);
	return (struct store_state_change){ .stack = q->o->row.stack,
					    .key = q->key,
					    .value = q->value,
					    .sensitive = q->sensitive,
					    .by = by,
					    .expected = q->expected };
}

static int is_set(const struct question *q, int64_t *ret_version, struct sp_err *err)
{
	autostate struct store_state_value v = { 0 };
	struct sp_err why = { 0 };
	int r = store_state_get(q->o->store, q->o->row.stack, q->key, &v, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*err = why;
		return r;
	}
	*ret_version = v.version;
	return !strcmp(v.value, q->value) && v.sensitive == q->sensitive &&
	       (q->expected == STORE_STATE_ANY || v.version == q->expected + 1);
}

/* 1: a former controld did it, in the version that is told. */
static int is_done(const struct question *q, int64_t *ret_version, struct sp_err *err)
{
	char by[BY_MAX];
	const struct store_state_change c = change_of(q, by);

	return q->value ? is_set(q, ret_version, err)
			: store_state_removed_by(q->o->store, &c, ret_version, err);
}

static int write_change(const struct question *q, int64_t *ret_version, struct sp_err *err)
{
	char by[BY_MAX];
	const struct store_state_change c = change_of(q, by);

	if (++q->state->changes > TASK_STATE_CHANGES_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "a task changes the state at most %d times",
			       TASK_STATE_CHANGES_MAX);
	return store_state_write(q->o->store, &c, ret_version, err);
}

static int answer_change(const struct question *q, json_t **ret, struct sp_err *err)
{
	int64_t version = 0;
	int r = q->again ? is_done(q, &version, err) : 0;

	if (r == 0)
		r = write_change(q, &version, err);
	return r < 0 ? r
		     : answer_as(json_pack("{s:i, s:{s:s, s:I, s:b}}", "status", 200, "body", "key",
					   q->key, "version", (json_int_t)version, "sensitive",
					   q->sensitive),
				 ret, err);
}

static const struct {
	const char *verb;
	bool has_key, has_value;
	answer_fn fn;
} verbs[] = {
	{ "ls", false, false, answer_ls },    { "get", true, false, answer_get },
	{ "has", true, false, answer_has },   { "set", true, true, answer_change },
	{ "rm", true, false, answer_change },
};

static int find_answer(const struct question *q, const char *verb, json_t **ret, struct sp_err *err)
{
	for (size_t i = 0; i < SP_COUNT(verbs); i++)
		if (sp_str_eq(verb, verbs[i].verb) && (q->key || !verbs[i].has_key) &&
		    !q->value == !verbs[i].has_value)
			return verbs[i].fn(q, ret, err);
	return sp_fail(err, SP_E_INVALID, "a question that is none");
}

/* The store's or the lock's trouble is not the task's: its question stays, for whoever goes on. */
static bool is_ours(const struct sp_err *err)
{
	return err->code == SP_E_FENCED || err->code == SP_E_UNREACHABLE ||
	       err->code == SP_E_TIMEOUT || err->code == SP_E_INTERRUPTED;
}

static json_t *refusal(const struct sp_err *err)
{
	struct wire_failure f;

	wire_failure_init(&f, err, "controld");
	return json_pack("{s:i, s:{s:o}}", "status", sp_http_status_of(err), "body", "error",
			 wire_failure_encode(&f));
}

static int answer(struct operation *o, struct task_state *s, const json_t *asked,
		  struct sp_err *err)
{
	json_t *id = json_object_get(asked, "id");
	const struct question q = { .o = o,
				    .state = s,
				    .key = json_string_value(json_object_get(asked, "key")),
				    .value = json_string_value(json_object_get(asked, "value")),
				    .sensitive = json_is_true(json_object_get(asked, "sensitive")),
				    .again = json_is_true(json_object_get(asked, "again")),
				    .expected =
					    json_integer_value(json_object_get(asked, "version")) };
	struct sp_err why = { 0 };
	json_t *reply = NULL;
	int r = find_answer(&q, json_string_value(json_object_get(asked, "do")), &reply, &why);

	if (r < 0 && is_ours(&why)) {
		*err = why;
		return r;
	}
	if (r < 0)
		reply = refusal(&why);
	if (!reply || json_object_set(reply, "id", id) < 0) {
		json_decref(reply);
		return sp_fail_nomem(err);
	}
	s->answer = reply;
	return 0;
}

static int exchange(struct operation *o, struct task_state *s, int64_t slice_ns, json_t **ret,
		    struct sp_err *err)
{
	struct agent_right right = operation_right(o);
	struct agent *a = NULL;
	int r = operation_agent(o, s->task->node, &a, err);

	if (r == 0)
		r = operation_agent_failed(
			o, a,
			agent_state(a, &right, s->task->spec->id, s->answer, slice_ns, ret, err),
			err);
	if (r == 0)
		task_state_fini(s);
	return r;
}

int task_state_look(struct operation *o, void *state, int64_t slice_ns, json_t **ret_status,
		    struct sp_err *err)
{
	struct task_state *s = state;
	autojson json_t *reply = NULL;
	const json_t *asked;
	int r = exchange(o, s, slice_ns, &reply, err);

	if (r < 0)
		return r;
	asked = json_object_get(reply, "question");
	if (json_is_object(asked)) {
		r = answer(o, s, asked, err);
		if (r < 0)
			return r;
	}
	*ret_status = json_incref(json_object_get(reply, "status"));
	return s->answer != NULL;
}

void task_state_fini(struct task_state *s)
{
	json_decref(s->answer);
	s->answer = NULL;
}
