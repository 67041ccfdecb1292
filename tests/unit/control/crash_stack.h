/*
 * The stack that is deployed while things are killed, and what must hold after each deploy: the
 * operation has ended, what the agents have is exactly what the store says, and nothing was started
 * too often.
 */
#pragma once

#include <criterion/criterion.h>
#include <string.h>

#include "control/store/lease.h"
#include "tests/unit/control/fake_cluster.h"

#define PORT       "    ports: ['8080:80']\n"
#define DB_OF(env) "  db:\n    image: app\n    environment: {V: " env "}\n" ON("worker1")
#define API_OF(env)                                               \
	"  api:\n    image: app\n    environment: {V: " env "}\n" \
	"    depends_on: {db: {condition: service_healthy}}\n    deploy: {replicas: 2}\n"
#define OLD DB_OF("old") API_OF("old") "  cache:\n    image: app\n" PORT ON("worker2")
#define NEW DB_OF("new") API_OF("new") "  web:\n    image: app\n" PORT ON("worker2")
#define TASKS                                                    \
	"x-stackpilot:\n  tasks:\n    job-first: {image: app}\n" \
	"    job-last: {image: app, when: after, depends_on: [job-first]}\n"
#define BAD NEW "  bad:\n    image: app\n    depends_on: [web, api]\n" ON("worker1")

static inline void forget_starts(void)
{
	for (size_t i = 0; i < 2; i++) {
		pthread_mutex_lock(&agents[i].lock);
		sp_buf_fini(&agents[i].starts);
		agents[i].starts = (struct sp_buf)SP_BUF_INIT;
		pthread_mutex_unlock(&agents[i].lock);
		free(fake_agent_calls(&agents[i]));
	}
}

/* The last operation, and what the store and the agents have, agree. */
struct outcome {
	struct store *s;
	json_t *op;
	struct store_workloads rows;
	int at; /* for the message of what fails */
};

static inline struct outcome look(int at)
{
	struct outcome o = { .s = scratch_store(), .at = at };
	autojson json_t *list = NULL;
	const char *id;

	cr_assert_eq(store_operation_views(o.s, "demo", 1, &list, &err), 0);
	id = member(json_array_get(list, 0), "id");
	cr_assert_eq(store_operation_view(o.s, id, &o.op, &err), 0);
	cr_assert_eq(store_workload_list(o.s, "demo", 0, &o.rows, &err), 0);
	return o;
}

static inline void outcome_fini(struct outcome *o)
{
	store_workloads_fini(&o->rows);
	json_decref(o->op);
	store_close(o->s);
}

static inline void expect_same_spec(const struct outcome *o, const struct store_workload *row)
{
	struct fake_agent *f = &agents[strcmp(row->node, "worker1") != 0];
	size_t at = fake_find(f, row->id);
	autojson json_t *spec = json_loads(row->spec, 0, NULL);

	cr_assert_lt(at, f->n_specs, "write %d: %s is not on %s", o->at, row->id, row->node);
	cr_expect(json_equal(f->specs[at], spec), "write %d: %s has another spec on %s", o->at,
		  row->id, row->node);
}

/* Every row is on its agent as the store has it, nothing else is, and no step is left open. */
static inline void expect_whole(const struct outcome *o)
{
	json_t *step;
	size_t i;

	for (i = 0; i < o->rows.n; i++) {
		cr_expect_eq(o->rows.list[i].revision, o->rows.list[0].revision,
			     "write %d: one revision", o->at);
		expect_same_spec(o, &o->rows.list[i]);
	}
	cr_expect_eq(agents[0].n_specs + agents[1].n_specs, o->rows.n, "write %d: nothing else",
		     o->at);
	json_array_foreach (json_object_get(o->op, "steps"), i, step) {
		const char *state = member(step, "state");

		cr_expect(!sp_str_eq(state, "running") && !sp_str_eq(state, "pending"),
			  "write %d: step %zu is %s", o->at, i + 1, state);
	}
}

static inline void expect_unlocked(const struct outcome *o)
{
	struct store_lease l = { 0 };

	cr_assert_eq(store_lease_get(o->s, "demo", &l, &err), 0, "%s", err.message);
	cr_expect_not(store_lease_is_held(&l), "write %d: the lock is %s's", o->at, l.locked_by);
}

static inline void expect_ended(const struct outcome *o, const char *state, int attempts)
{
	cr_expect_str_eq(member(o->op, "state"), state, "write %d: %s: %s", o->at,
			 member(o->op, "state"),
			 member(json_object_get(o->op, "error"), "message"));
	cr_expect_eq(json_integer_value(json_object_get(o->op, "attempt")), attempts,
		     "write %d: attempt", o->at);
	expect_unlocked(o);
}

static inline void expect_stack_of(const struct outcome *o, const char *state)
{
	struct store_stack st;

	cr_assert_eq(store_stack_get(o->s, "demo", &st, &err), 0, "%s", err.message);
	cr_expect_str_eq(st.state, state, "write %d: stack %s", o->at, st.state);
	cr_expect_eq(st.revision, o->rows.n ? o->rows.list[0].revision : 0, "write %d", o->at);
}

/* How often it was started since forget_starts(). */
static inline int starts_of(const char *id)
{
	int n = 0;

	for (size_t i = 0; i < 2; i++) {
		autofree char *wanted = sp_str_format("%s,", id);
		const char *at = agents[i].starts.data;

		while (at && (at = strstr(at, wanted))) {
			n++;
			at += strlen(wanted);
		}
	}
	return n;
}

static inline void expect_started(const char *const *ids, int times, int at)
{
	for (; *ids; ids++)
		cr_expect_leq(starts_of(*ids), times, "write %d: %s was started %d times", at, *ids,
			      starts_of(*ids));
}

static const char *const all[] = { "demo-db-1",        "demo-api-1",      "demo-api-2",
				   "demo-cache-1",     "demo-web-1",      "demo-bad-1",
				   "demo-job-first-1", "demo-job-last-1", NULL };
