/*
 * controld killed at every single write of an operation's journal, and the next one started: it
 * always comes to the new revision or back to the old one, whole, with nobody's help. What the
 * agents have is then exactly what the store says, and nothing is there twice.
 */
#include <errno.h>

#include "tests/unit/control/crash.h"

#define WRITES_MAX 120 /* more journal writes than any of these operations has */

static char runner[STORE_LEASE_RUNNER_MAX];

static void set_up(void)
{
	scratch_make_fast();
	crash_start();
	open_control();
	snprintf(runner, sizeof(runner), "%s", c.runner);
	import_image();
	start_agent(&agents[0], "worker1");
	start_agent(&agents[1], "worker2");
	store_pool_give(c.stores, s);
	control_close(&c);
	s = NULL;
}

static void tear_down(void)
{
	for (size_t i = 0; i < 2; i++)
		fake_agent_stop(&agents[i]);
	scratch_remove();
}

TestSuite(crash, .init = set_up, .fini = tear_down, .timeout = 300);

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

static struct crash_order order(const char *services)
{
	struct crash_order o = { 0 };
	autofree char *request = bundle_of(services, "rollback");

	snprintf(o.kind, sizeof(o.kind), "deploy");
	cr_assert_lt(strlen(request), sizeof(o.request));
	snprintf(o.request, sizeof(o.request), "%s", request);
	return o;
}

static void forget_starts(void)
{
	for (size_t i = 0; i < 2; i++) {
		pthread_mutex_lock(&agents[i].lock);
		sp_buf_fini(&agents[i].starts);
		agents[i].starts = (struct sp_buf)SP_BUF_INIT;
		pthread_mutex_unlock(&agents[i].lock);
		free(fake_agent_calls(&agents[i]));
	}
}

static void deploy_whole(const char *services)
{
	struct crash_order o = order(services);

	cr_assert_not(crash_run(&o));
	forget_starts();
}

static int count_running(void)
{
	char ids[8][STORE_NAME_MAX];
	size_t n = 0;

	s = scratch_store();
	cr_assert_eq(store_lease_orphans(s, runner, ids, 8, &n, &err), 0, "%s", err.message);
	store_close(s);
	return (int)n;
}

/* Kill it there, then let the next one do what is to be done. The attempts that this makes; 0: it
 * ended before that write. */
static int crash(struct crash_order o, enum crash_when when, int at)
{
	struct crash_order recover = { 0 };
	int attempts;

	o.when = when;
	o.at = at;
	if (!crash_run(&o))
		return 0;
	attempts = 1 + count_running();
	cr_assert_not(crash_run(&recover));
	return attempts;
}

/* The last operation, and what the store and the agents have, agree. */
struct outcome {
	struct store *s;
	json_t *op;
	struct store_workloads rows;
	int at; /* for the message of what fails */
};

static struct outcome look(int at)
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

static void outcome_fini(struct outcome *o)
{
	store_workloads_fini(&o->rows);
	json_decref(o->op);
	store_close(o->s);
}

static void expect_same_spec(const struct outcome *o, const struct store_workload *row)
{
	struct fake_agent *f = &agents[strcmp(row->node, "worker1") != 0];
	size_t at = fake_find(f, row->id);
	autojson json_t *spec = json_loads(row->spec, 0, NULL);

	cr_assert_lt(at, f->n_specs, "write %d: %s is not on %s", o->at, row->id, row->node);
	cr_expect(json_equal(f->specs[at], spec), "write %d: %s has another spec on %s", o->at,
		  row->id, row->node);
}

/* Every row is on its agent as the store has it, nothing else is, and no step is left open. */
static void expect_whole(const struct outcome *o)
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

static void expect_ended(const struct outcome *o, const char *state, int attempts)
{
	cr_expect_str_eq(member(o->op, "state"), state, "write %d: %s: %s", o->at,
			 member(o->op, "state"),
			 member(json_object_get(o->op, "error"), "message"));
	cr_expect_eq(json_integer_value(json_object_get(o->op, "attempt")), attempts,
		     "write %d: attempt", o->at);
}

static void expect_stack_of(const struct outcome *o, const char *state)
{
	struct store_stack st;

	cr_assert_eq(store_stack_get(o->s, "demo", &st, &err), 0, "%s", err.message);
	cr_expect_str_eq(st.state, state, "write %d: stack %s", o->at, st.state);
	cr_expect_eq(st.revision, o->rows.n ? o->rows.list[0].revision : 0, "write %d", o->at);
}

/* How often it was started since forget_starts(). */
static int starts_of(const char *id)
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

static void expect_started(const char *const *ids, int times, int at)
{
	for (; *ids; ids++)
		cr_expect_leq(starts_of(*ids), times, "write %d: %s was started %d times", at, *ids,
			      starts_of(*ids));
}

static const char *const all[] = { "demo-db-1",        "demo-api-1",      "demo-api-2",
				   "demo-cache-1",     "demo-web-1",      "demo-bad-1",
				   "demo-job-first-1", "demo-job-last-1", NULL };

static void deploy_killed_everywhere(enum crash_when when)
{
	const char *const sides[] = { OLD TASKS, NEW TASKS };
	int at, attempts;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		forget_starts();
		attempts = crash(order(sides[at % 2]), when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "succeeded", attempts);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		cr_expect_eq(starts_of("demo-db-1"), 1, "write %d: started once", at);
		cr_expect_eq(starts_of("demo-job-last-1"), 1, "write %d: run once", at);
		expect_started(all, 1, at);
		outcome_fini(&o);
	}
	cr_expect_gt(at, 20);
	cr_assert_lt(at, WRITES_MAX);
}

Test(crash, a_deploy_killed_before_any_journal_write_is_finished_and_starts_nothing_twice)
{
	deploy_killed_everywhere(CRASH_BEFORE);
}

Test(crash, a_deploy_killed_after_any_journal_write_is_finished_and_starts_nothing_twice)
{
	deploy_killed_everywhere(CRASH_AFTER);
}

static void revert_killed_everywhere(enum crash_when when)
{
	int at, attempts;

	deploy_whole(OLD);
	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		forget_starts();
		attempts = crash(order(BAD), when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "reverted", attempts);
		expect_stack_of(&o, "running");
		expect_whole(&o);
		cr_expect_eq(o.rows.n, 4);
		expect_started(all, 2, at);
		cr_expect_not_null(
			strstr(member(json_object_get(o.op, "error"), "message"), "demo-bad-1"));
		outcome_fini(&o);
	}
	cr_expect_gt(at, 30);
	cr_assert_lt(at, WRITES_MAX);
}

Test(crash, a_deploy_with_a_bad_gate_killed_before_any_write_is_reverted_whole)
{
	revert_killed_everywhere(CRASH_BEFORE);
}

Test(crash, a_deploy_with_a_bad_gate_killed_after_any_write_is_reverted_whole)
{
	revert_killed_everywhere(CRASH_AFTER);
}

static void destroy_killed_everywhere(enum crash_when when)
{
	struct crash_order destroy = { .kind = "destroy", .request = "{\"volumes\": true}" };
	struct store_stack st;
	int at, attempts;

	for (at = 1; at < WRITES_MAX; at++) {
		struct outcome o;

		deploy_whole(OLD);
		attempts = crash(destroy, when, at);
		if (!attempts)
			break;
		o = look(at);
		expect_ended(&o, "succeeded", attempts);
		expect_whole(&o);
		cr_expect_eq(o.rows.n, 0);
		cr_expect_eq(store_stack_get(o.s, "demo", &st, &err), -ENOENT);
		outcome_fini(&o);
	}
	cr_expect_gt(at, 10);
	cr_assert_lt(at, WRITES_MAX);
}

Test(crash, a_destroy_killed_before_any_write_is_finished)
{
	destroy_killed_everywhere(CRASH_BEFORE);
}

Test(crash, a_destroy_killed_after_any_write_is_finished)
{
	destroy_killed_everywhere(CRASH_AFTER);
}

/* Every attempt gets a little further than its own beginning, so it ends. */
Test(crash, a_deploy_whose_every_attempt_is_killed_still_ends_whole)
{
	struct crash_order o = order(NEW);
	struct outcome seen;
	int lives = 1;

	deploy_whole(OLD);
	o.when = CRASH_AFTER;
	for (o.at = 7; crash_run(&o); o.at += 2) {
		lives += count_running();
		o.kind[0] = '\0';
	}
	seen = look(o.at);
	expect_ended(&seen, "succeeded", lives);
	expect_stack_of(&seen, "running");
	expect_whole(&seen);
	expect_started(all, 1, o.at);
	outcome_fini(&seen);
}
