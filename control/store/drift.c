/* See drift.h. */
#include "control/store/drift.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/store/event.h"

static int read_row(struct store *s, const char *stack, int64_t *ret_at, char **ret_key,
		    char **ret_report, struct sp_err *err)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;
	int r = db_select(store_db(s), &rows, err,
			  "SELECT at, key, report FROM drifts WHERE stack = $1", DB_S(stack));

	if (r == 0)
		r = db_next(rows, err);
	if (r <= 0)
		return r;
	if (ret_at)
		*ret_at = db_number(rows, 0);
	if (ret_key)
		*ret_key = strdup(db_text(rows, 1));
	if (ret_report)
		*ret_report = strdup(db_text(rows, 2));
	return 1;
}

/* The event has what a reader needs, without the values: resource and field of each. */
static json_t *fields_of(const json_t *report)
{
	json_t *list = json_array(), *one;
	size_t i;

	json_array_foreach (json_object_get(report, "findings"), i, one) {
		json_array_append_new(list, json_pack("{s:O, s:O, s:O, s:O}", "node",
						      json_object_get(one, "node"), "resource",
						      json_object_get(one, "resource"), "field",
						      json_object_get(one, "field"), "type",
						      json_object_get(one, "type")));
	}
	return json_pack("{s:o}", "findings", list);
}

static int tell(struct store *s, const struct store_drift *d, struct sp_err *err)
{
	autojson json_t *fields = fields_of(d->report);
	char message[64];

	snprintf(message, sizeof(message), "%zu difference%s", d->findings,
		 d->findings == 1 ? "" : "s");
	return store_event_append(s,
				  &(struct store_event){ .type = "drift.detected",
							 .stack = d->stack,
							 .message = message,
							 .fields = fields },
				  err);
}

static int put(struct store *s, void *state, struct sp_err *err)
{
	const struct store_drift *d = state;
	autofree char *before = NULL, *text = sp_json_text(d->report);
	int64_t now;
	int r = text ? store_now(s, &now, err) : sp_fail_nomem(err);

	if (r == 0)
		r = read_row(s, d->stack, NULL, &before, NULL, err);
	if (r < 0)
		return r;
	r = store_write(s, err,
			"INSERT INTO drifts (stack, at, key, report) VALUES ($1, $2, $3, $4)"
			" ON CONFLICT (stack) DO UPDATE SET at = excluded.at, key = excluded.key,"
			" report = excluded.report",
			DB_S(d->stack), DB_I(now), DB_S(d->key), DB_S(text));
	if (r < 0 || !d->findings || sp_str_eq(before, d->key))
		return r < 0 ? r : 0;
	return tell(s, d, err);
}

int store_drift_put(struct store *s, const struct store_drift *d, struct sp_err *err)
{
	struct store_drift copy = *d;

	return store_transact(s, put, &copy, err);
}

int store_drift_get(struct store *s, const char *stack, json_t **ret, struct sp_err *err)
{
	autofree char *text = NULL;
	int r = read_row(s, stack, NULL, NULL, &text, err);

	if (r == 0)
		return sp_fail(err, SP_E_NOT_FOUND, "drift of stack '%s' was never looked for",
			       stack);
	if (r < 0)
		return r;
	if (!text)
		return sp_fail_nomem(err);
	return sp_json_parse(text, strlen(text), ret, err);
}

int store_drift_at(struct store *s, const char *stack, int64_t *ret_ns, struct sp_err *err)
{
	int r;

	*ret_ns = 0;
	r = read_row(s, stack, ret_ns, NULL, NULL, err);
	return r < 0 ? r : 0;
}

struct fixed {
	const char *stack, *operation;
	const json_t *finding;
};

static const char *text_of(const json_t *finding, const char *key)
{
	return json_string_value(json_object_get(finding, key));
}

static int put_fixed(struct store *s, void *state, struct sp_err *err)
{
	const struct fixed *f = state;
	char message[512];

	snprintf(message, sizeof(message), "%s: %s", text_of(f->finding, "resource"),
		 text_of(f->finding, "field"));
	return store_event_append(s,
				  &(struct store_event){ .type = "drift.fixed",
							 .stack = f->stack,
							 .node = text_of(f->finding, "node"),
							 .operation = f->operation,
							 .message = message,
							 .fields = f->finding },
				  err);
}

int store_drift_fixed(struct store *s, const char *stack, const char *operation,
		      const json_t *finding, struct sp_err *err)
{
	struct fixed f = { stack, operation, finding };

	return store_transact(s, put_fixed, &f, err);
}
