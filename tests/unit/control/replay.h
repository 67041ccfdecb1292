/*
 * The events of the stack "demo", folded in their order into what they say that it is, beside what
 * its rows say.
 */
#pragma once

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/store/event.h"
#include "control/store/lease.h"
#include "control/store/operation.h"
#include "control/store/snapshot.h"
#include "control/store/stack.h"
#include "control/store/verification.h"

struct known {
	struct store *store;
	bool exists;
	char state[16], digest[SP_DIGEST_MAX], operation[STORE_NAME_MAX];
	int64_t revision, token;
	char lock[STORE_LEASE_ID_MAX], holder[STORE_LEASE_NAME_MAX];
	uint64_t snapshots; /* a bit for each version */
	char expires[SP_TIME_STAMP_MAX];
	int64_t proved;            /* revision that ctl verify proved last */
	char last[STORE_NAME_MAX]; /* its last operation, */
	char course[16];           /* the state of that, */
	int64_t attempt;           /* and how often it was begun */
};

static inline const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	cr_assert_not_null(text, "there is no '%s'", key);
	return text;
}

static inline int64_t number_of(const json_t *object, const char *key)
{
	cr_assert(json_is_integer(json_object_get(object, key)), "there is no '%s'", key);
	return json_integer_value(json_object_get(object, key));
}

/* What is told of a stack without giving it another state; true: it was such an event. */
static inline bool fold_mark(struct known *k, const char *type, const json_t *fields)
{
	const char *at = json_string_value(json_object_get(fields, "expires_at"));

	if (!strcmp(type, "expires"))
		snprintf(k->expires, sizeof(k->expires), "%s", at ? at : "");
	else if (!strcmp(type, "verified"))
		k->proved = number_of(fields, "revision");
	else
		return !strcmp(type, "overdue");
	return true;
}

static inline void fold_stack(struct known *k, const char *type, const json_t *e,
			      const json_t *fields)
{
	if (fold_mark(k, type, fields))
		return;
	if (!strcmp(type, "created")) {
		cr_assert_not(k->exists);
		k->exists = true;
		k->expires[0] = '\0';
		k->proved = 0;
		k->revision = 0;
		k->digest[0] = '\0';
	} else if (!strcmp(type, "destroyed")) {
		cr_assert(k->exists);
		k->exists = false;
		return;
	} else if (!strcmp(type, "updated")) {
		k->revision = number_of(fields, "revision");
		snprintf(k->digest, sizeof(k->digest), "%s", text_of(fields, "digest"));
		return;
	}
	snprintf(k->state, sizeof(k->state), "%s", text_of(fields, "state"));
	snprintf(k->operation, sizeof(k->operation), "%s", text_of(e, "operation"));
}

static inline void fold_lock(struct known *k, const char *type, const json_t *fields)
{
	bool held =
		!strcmp(type, "acquired") || !strcmp(type, "joined") || !strcmp(type, "renewed");

	k->token = number_of(fields, "token");
	snprintf(k->lock, sizeof(k->lock), "%s", held ? text_of(fields, "id") : "");
	snprintf(k->holder, sizeof(k->holder), "%s", held ? text_of(fields, "locked_by") : "");
}

static inline void fold_snapshot(struct known *k, const char *type, const json_t *fields)
{
	uint64_t bit = UINT64_C(1) << number_of(fields, "version");

	if (!strcmp(type, "created"))
		k->snapshots |= bit;
	else if (!strcmp(type, "deleted"))
		k->snapshots &= ~bit;
}

static inline void fold_operation(struct known *k, const char *type, const json_t *e,
				  const json_t *fields)
{
	const char *state = "running";

	if (!strcmp(type, "started"))
		k->attempt = 1;
	else if (!strcmp(type, "resumed"))
		k->attempt = number_of(fields, "attempt");
	else if (!strcmp(type, "finished"))
		state = text_of(fields, "state");
	else
		return;
	snprintf(k->last, sizeof(k->last), "%s", text_of(e, "operation"));
	snprintf(k->course, sizeof(k->course), "%s", state);
}

static inline void fold(struct known *k, const json_t *e)
{
	const char *type = text_of(e, "type");
	const json_t *fields = json_object_get(e, "fields");

	if (sp_str_starts(type, "stack."))
		fold_stack(k, type + strlen("stack."), e, fields);
	else if (sp_str_starts(type, "lock."))
		fold_lock(k, type + strlen("lock."), fields);
	else if (sp_str_starts(type, "snapshot."))
		fold_snapshot(k, type + strlen("snapshot."), fields);
	else if (sp_str_starts(type, "operation."))
		fold_operation(k, type + strlen("operation."), e, fields);
}

static inline void replay(struct known *k, int64_t *cursor)
{
	struct sp_err why;
	struct store_event_filter f = { .stack = "demo", .limit = STORE_EVENTS_MAX };
	size_t n = 0;

	do {
		autojson json_t *list = NULL;
		const json_t *e;

		f.after = *cursor;
		cr_assert_eq(store_event_list(k->store, &f, &list, cursor, &why), 0, "%s",
			     why.message);
		json_array_foreach (list, n, e)
			fold(k, e);
	} while (n == STORE_EVENTS_MAX);
}

static inline uint64_t versions_there(const struct known *k)
{
	struct sp_err why;
	autosnapshots struct store_snapshots all = { 0 };
	uint64_t bits = 0;

	cr_assert_eq(store_snapshot_list(k->store, "demo", &all, &why), 0, "%s", why.message);
	for (size_t i = 0; i < all.n; i++)
		bits |= UINT64_C(1) << all.list[i].version;
	return bits;
}

static inline void expect_marks(const struct known *k, const struct store_stack *row, int step)
{
	struct sp_err why;
	struct store_verification v = { 0 };
	char at[SP_TIME_STAMP_MAX] = "";

	if (row->expires_at_ns)
		sp_time_format(row->expires_at_ns, at);
	cr_assert_str_eq(k->expires, at, "step %d", step);
	cr_assert_geq(store_verification_get(k->store, "demo", &v, &why), 0, "%s", why.message);
	cr_assert_eq(k->proved, v.revision, "step %d", step);
}

static inline void expect_operation(const struct known *k, int step)
{
	struct sp_err why;
	autojson json_t *list = NULL;
	const json_t *op;

	cr_assert_eq(store_operation_views(k->store, "demo", 1, &list, &why), 0, "%s", why.message);
	op = json_array_get(list, 0);
	if (!op) {
		cr_assert_str_empty(k->last, "step %d", step);
		return;
	}
	cr_assert_str_eq(k->last, text_of(op, "id"), "step %d", step);
	cr_assert_str_eq(k->course, text_of(op, "state"), "step %d", step);
	cr_assert_eq(k->attempt, number_of(op, "attempt"), "step %d", step);
}

static inline void expect_rows(const struct known *k, int step)
{
	struct store_stack row = { 0 };
	struct store_lease lease = { 0 };
	bool exists = store_stack_get(k->store, "demo", &row, NULL) == 0;

	cr_assert_eq(k->exists, exists, "step %d", step);
	if (exists) {
		cr_assert_str_eq(k->state, row.state, "step %d", step);
		cr_assert_str_eq(k->digest, row.digest, "step %d", step);
		cr_assert_str_eq(k->operation, row.operation, "step %d", step);
		cr_assert_eq(k->revision, row.revision, "step %d", step);
		expect_marks(k, &row, step);
	}
	store_lease_get(k->store, "demo", &lease, NULL);
	cr_assert_eq(k->token, lease.token, "step %d", step);
	cr_assert_str_eq(k->lock, lease.id, "step %d", step);
	cr_assert_str_eq(k->holder, lease.locked_by, "step %d", step);
	cr_assert_eq(k->snapshots, versions_there(k), "step %d", step);
	expect_operation(k, step);
}
