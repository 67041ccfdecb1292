/* Dependencies between stacks and services, from rows of the store to what the API says. */
#include "control/deps/deps.h"

#include <criterion/criterion.h>

#include "base/json.h"
#include "base/str.h"
#include "control/store/stack.h"
#include "scratch.h"
#include "stackfile/read.h"

static struct store *store;

static void make(void)
{
	scratch_make();
	store = scratch_store();
}

static void clean(void)
{
	store_close(store);
	scratch_remove();
}

TestSuite(deps, .init = make, .fini = clean);

static const char *no_variable(void *state, const char *name)
{
	(void)state;
	(void)name;
	return NULL;
}

static int no_file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	(void)state;
	(void)ret;
	return sp_fail(err, SP_E_NOT_FOUND, "'%s' is not there", path);
}

/* A stack of that name with one service, and extension in its x-stackpilot. */
static struct stack *stack_of(const char *name, const char *extension)
{
	static const struct stack_resolver resolver = { no_variable, no_file, NULL };
	autofree char *text = sp_str_format("services: {web: {image: 'i:1', depends_on: [db]}, "
					    "db: {image: 'd:1'}}\nx-stackpilot: {%s}\n",
					    extension);
	struct stack_source source = {
		.file = "s", .text = text, .len = strlen(text), .name = name
	};
	struct stack_report report = { 0 };
	struct stack *s = NULL;
	struct sp_err err = { 0 };

	cr_assert_eq(stack_read(&source, &resolver, &s, &report, &err), 0, "%s", err.message);
	stack_report_fini(&report);
	return s;
}

static void deployed(const char *name, const char *extension)
{
	auto_(stack_free) struct stack *s = stack_of(name, extension);
	struct sp_err err = { 0 };
	int64_t revision = 0;

	cr_assert_geq(store_stack_set_state(store, name, STORE_STACK_DEPLOYING, "op", &err), 0);
	cr_assert_eq(store_revision_add(store, name, "sha256:0", "{}", &revision, &err), 0, "%s",
		     err.message);
	cr_assert_eq(store_resources_put(store, s, revision, &err), 0, "%s", err.message);
	cr_assert_eq(store_stack_commit(store, name, revision, &err), 0, "%s", err.message);
	cr_assert_geq(store_stack_set_state(store, name, STORE_STACK_RUNNING, "op", &err), 0);
}

/* base <- net <- app, and net -> base gives "app" an indirect one; lone stands alone. */
static void three(void)
{
	deployed("base", "outputs: {zone: eu}");
	deployed("net", "requires: {base: {outputs: [zone]}}, outputs: {vpc: x}");
	deployed("app", "requires: [net]");
	deployed("lone", "");
}

/* JSON text with single quotes for the test's eyes. */
static void cr_json(json_t *json, const char *path, const char *want)
{
	json_t *at = json;
	autofree char *copy = strdup(path), *text = NULL;
	char *rest = copy;

	for (char *key; at && (key = strsep(&rest, "."));)
		at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10))
				       : json_object_get(at, key);
	text = at ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	for (char *c = text; c && *c; c++)
		*c = *c == '"' ? '\'' : *c;
	cr_expect_str_eq(text ? text : "(none)", want, "%s: %s", path, text);
}

Test(deps, show_tells_both_directions_and_the_depth)
{
	static const char *const names[] = { "app", NULL };
	struct deps d = { 0 };
	autojson json_t *view = NULL;

	three();
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_view(&d, names, false, &view, NULL), 0);
	cr_json(view, "resources.0.id", "'app'");
	cr_json(view, "resources.0.direct", "['net']");
	cr_json(view, "resources.0.indirect", "['base']");
	cr_json(view, "resources.0.dependents", "[]");
	cr_json(view, "resources.0.count", "2");
	cr_json(view, "resources.0.depth", "2");
	cr_json(view, "resources.1.id", "'app/db'");
	cr_json(view, "resources.1.dependents", "['app/web']");
	cr_json(view, "resources.2.direct", "['app/db']");
	cr_json(view, "resources.2.version", "'i:1'");
	cr_json(view, "resources.2.depth", "1");
	cr_json(view, "resources.3", "(none)");
	deps_fini(&d);
}

Test(deps, a_closure_has_all_that_is_depended_on)
{
	static const char *const names[] = { "net", NULL }, *const unknown[] = { "nix", NULL };
	struct deps d = { 0 };
	autojson json_t *view = NULL;
	struct sp_err err = { 0 };

	three();
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_view(&d, names, true, &view, NULL), 0);
	cr_json(view, "statistics.stacks", "2");
	cr_json(view, "statistics.services", "4");
	cr_json(view, "statistics.dependencies", "3");
	cr_json(view, "statistics.depth", "1");
	cr_json(view, "resources.0.dependents_indirect", "['app']");
	cr_json(view, "resources.0.outputs", "['zone']");
	cr_expect_lt(deps_view(&d, unknown, true, &view, &err), 0);
	cr_expect_str_eq(err.message, "there is no stack 'nix'");
	deps_fini(&d);
}

Test(deps, only_the_current_revision_counts)
{
	struct deps d = { 0 };

	deployed("a", "requires: [b]");
	deployed("a", "");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_expect_eq(deps_find(&d, "b"), GRAPH_NONE);
	cr_expect_eq(d.n_edges, 1, "its services' own");
	deps_fini(&d);
}

Test(deps, check_finds_circles_with_their_ways_out_and_what_is_missing)
{
	struct deps d = { 0 };
	autojson json_t *view = NULL;

	deployed("a", "requires: [b]");
	deployed("b", "requires: [a]");
	deployed("c", "requires: {b: {outputs: [none]}, gone: }");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_check_view(&d, NULL, &view, NULL), 0);
	cr_json(view, "ok", "false");
	cr_json(view, "cycles.1", "(none)");
	cr_expect_eq(json_array_size(json_object_get(
			     json_array_get(json_object_get(view, "cycles"), 0), "path")),
		     3);
	cr_json(view, "cycles.0.cuts.0.from", "'a'");
	cr_json(view, "cycles.0.cuts.1.from", "'b'");
	cr_json(view, "missing.0", "{'stack':'c','requires':'b','output':'none'}");
	cr_json(view, "missing.1", "{'stack':'c','requires':'gone'}");
	deps_fini(&d);
}

Test(deps, check_finds_each_of_two_circles_that_depend_on_one_another)
{
	struct deps d = { 0 };
	autojson json_t *view = NULL;

	deployed("a", "requires: [b]");
	deployed("b", "requires: [a, x]");
	deployed("x", "requires: [y]");
	deployed("y", "requires: [x]");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_check_view(&d, NULL, &view, NULL), 0);
	cr_expect_eq(json_array_size(json_object_get(view, "cycles")), 2);
	deps_fini(&d);
}

Test(deps, check_of_one_stack_leaves_out_what_it_does_not_depend_on)
{
	static const char *const x[] = { "x", NULL }, *const c[] = { "c", NULL };
	autojson json_t *of_x = NULL, *of_c = NULL;
	struct deps d = { 0 };

	deployed("a", "requires: [b]");
	deployed("b", "requires: [a]");
	deployed("c", "requires: [a]");
	deployed("x", "requires: [gone]");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_check_view(&d, x, &of_x, NULL), 0);
	cr_expect_eq(json_array_size(json_object_get(of_x, "cycles")), 0);
	cr_expect_eq(json_array_size(json_object_get(of_x, "missing")), 1);
	cr_assert_eq(deps_check_view(&d, c, &of_c, NULL), 0);
	cr_expect_eq(json_array_size(json_object_get(of_c, "cycles")), 1);
	cr_expect_eq(json_array_size(json_object_get(of_c, "missing")), 0);
	deps_fini(&d);
}

Test(deps, order_is_in_groups_of_what_can_be_done_together)
{
	static const char *const app[] = { "app", NULL };
	struct deps d = { 0 };
	autojson json_t *all = NULL, *some = NULL;

	three();
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_order_view(&d, store, NULL, &all, NULL), 0);
	cr_json(all, "groups.0.stacks.0.stack", "'base'");
	cr_json(all, "groups.0.stacks.1.stack", "'lone'");
	cr_json(all, "groups.1.stacks.0.stack", "'net'");
	cr_json(all, "groups.2.stacks.0.number", "4");
	cr_json(all, "estimate_complete", "false");
	cr_assert_eq(deps_order_view(&d, store, app, &some, NULL), 0);
	cr_json(some, "groups.0.stacks.1", "(none)");
	cr_json(some, "groups.2.stacks.0.stack", "'app'");
	deps_fini(&d);
}

static void operated(const char *id, int number, int64_t takes_ns)
{
	struct sp_err err = { 0 };

	cr_assert_geq(
		store_write(store, &err,
			    "INSERT INTO operations (id, number, kind, stack, state, token,"
			    " created_at, finished_at, requested_by, request_digest, request)"
			    " VALUES ($1, $2, 'deploy', 'base', 'succeeded', 1, 1000, $3, 'x',"
			    " 'd', '{}')",
			    DB_S(id), DB_I(number), DB_I(1000 + takes_ns)),
		0, "%s", err.message);
}

Test(deps, an_estimate_is_the_median_of_past_deploys)
{
	static const char *const base[] = { "base", NULL };
	struct deps d = { 0 };
	autojson json_t *view = NULL;

	three();
	operated("o1", 1, 50);
	operated("o2", 2, 900);
	operated("o3", 3, 70);
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_order_view(&d, store, base, &view, NULL), 0);
	cr_json(view, "estimate_ns", "70");
	cr_json(view, "estimate_complete", "true");
	deps_fini(&d);
}

Test(deps, there_is_no_order_on_a_circle)
{
	struct deps d = { 0 };
	json_t *view = NULL;
	struct sp_err err = { 0 };

	deployed("a", "requires: [b]");
	deployed("b", "requires: [a]");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_expect_lt(deps_order_view(&d, store, NULL, &view, &err), 0);
	cr_expect_eq(err.code, SP_E_INVALID);
	cr_expect_str_eq(err.message, "'a' is on a circle or depends on one: there is no order");
	deps_fini(&d);
}

Test(deps, a_deploy_needs_what_it_requires)
{
	static const struct {
		const char *extension, *culprit, *message;
	} cases[] = {
		{ "requires: [gone]", "gone",
		  "s.yaml:2:27: 'new' requires the stack 'gone', which is not deployed" },
		{ "requires: [down]", "down",
		  "s.yaml:2:27: 'new' requires the stack 'down', which is not running but failed" },
		{ "requires: {base: {outputs: [x]}}", "base",
		  "s.yaml:2:27: 'new' requires the output 'x', which the stack 'base' does not have" },
	};

	three();
	deployed("down", "");
	store_stack_set_state(store, "down", STORE_STACK_FAILED, "op", NULL);
	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		auto_(stack_free) struct stack *s = stack_of("new", cases[i].extension);
		struct deps_refusal refusal = { 0 };
		struct sp_err err = { 0 };

		cr_expect_lt(deps_allow_deploy(store, s, "s.yaml", &refusal, &err), 0);
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect_eq(err.stage, SP_STAGE_VALIDATE);
		cr_expect_str_eq(err.message, cases[i].message);
		cr_expect_str_eq(refusal.culprit, cases[i].culprit);
		cr_expect_str_eq(refusal.ways, "");
	}
	{
		auto_(stack_free) struct stack *s =
			stack_of("new", "requires: {net: {outputs: [vpc]}}");
		struct deps_refusal refusal = { 0 };

		cr_expect_eq(deps_allow_deploy(store, s, "s.yaml", &refusal, NULL), 0);
	}
}

Test(deps, a_deploy_closes_no_circle_and_is_told_where_and_the_ways_out)
{
	auto_(stack_free) struct stack *s = NULL;
	struct deps_refusal refusal = { 0 };
	struct wire_failure at = { 0 };
	struct sp_err err = { 0 };

	three();
	s = stack_of("base", "requires: [lone, app]");
	cr_expect_lt(deps_allow_deploy(store, s, "dir/s.yaml", &refusal, &err), 0);
	cr_expect_str_eq(err.message, "dir/s.yaml:2:33: 'base' would require itself: "
				      "base -> app -> net -> base");
	cr_expect_str_eq(refusal.ways,
			 "way out: 'base' no longer requires 'app' (dir/s.yaml:2:33)\n"
			 "way out: 'app' no longer requires 'net'\n"
			 "way out: 'net' no longer requires 'base'\n");
	deps_refusal_tell(&refusal, "dir/s.yaml", &at);
	cr_expect_str_eq(at.resource, "base");
	cr_expect_str_eq(at.evidence, refusal.ways);
	cr_expect_str_eq(at.next, "ctl deps check dir/s.yaml");
}

Test(deps, of_two_circles_only_what_ends_both_is_a_way_out)
{
	auto_(stack_free) struct stack *s = NULL;
	struct deps_refusal refusal = { 0 };

	three();
	s = stack_of("base", "requires: [app, net]");
	cr_expect_lt(deps_allow_deploy(store, s, "s.yaml", &refusal, NULL), 0);
	cr_expect_eq(refusal.at.column, 32, "the shortest: %u", refusal.at.column);
	cr_expect_str_eq(refusal.ways, "way out: 'net' no longer requires 'base'\n");
}

Test(deps, a_file_is_checked_as_if_it_were_deployed)
{
	static const char *const base[] = { "base", NULL };
	auto_(stack_free) struct stack *s =
		stack_of("base", "requires: {app: , gone: , lone: {outputs: [x]}}");
	autojson json_t *view = NULL;
	struct deps d = { 0 };

	three();
	cr_assert_eq(deps_read(store, s, &d, NULL), 0);
	cr_assert_eq(deps_check_view(&d, base, &view, NULL), 0);
	cr_json(view, "ok", "false");
	cr_json(view, "cycles.0.path", "['base','app','net','base']");
	cr_json(view, "cycles.0.cuts.0", "{'from':'base','to':'app','line':2,'column':27}");
	cr_json(view, "cycles.0.cuts.1", "{'from':'app','to':'net'}");
	cr_json(view, "missing.0", "{'stack':'base','requires':'gone','line':2,'column':34}");
	cr_json(view, "missing.1.output", "'x'");
	deps_fini(&d);
}

Test(deps, statistics_count_what_the_shown_ones_depend_on)
{
	static const char *const app[] = { "app", NULL }, *const poor[] = { "poor", NULL };
	autojson json_t *one = NULL, *lacking = NULL;
	struct deps d = { 0 };

	three();
	deployed("poor", "requires: [gone]");
	cr_assert_eq(deps_read(store, NULL, &d, NULL), 0);
	cr_assert_eq(deps_view(&d, app, false, &one, NULL), 0);
	cr_json(one, "statistics.stacks", "1");
	cr_json(one, "statistics.dependencies", "2");
	cr_json(one, "dependencies.1", "{'from':'app','to':'net','condition':'running'}");
	cr_json(one, "statistics.missing", "0");
	cr_assert_eq(deps_view(&d, poor, false, &lacking, NULL), 0);
	cr_json(lacking, "statistics.missing", "1");
	deps_fini(&d);
}

Test(deps, a_required_stack_is_not_destroyed)
{
	struct sp_err err = { 0 };

	three();
	cr_expect_eq(deps_allow_destroy(store, "app", NULL), 0);
	cr_expect_lt(deps_allow_destroy(store, "base", &err), 0);
	cr_expect_eq(err.code, SP_E_CONFLICT);
	cr_expect_str_eq(err.message, "the stack 'base' is required by 'net'");
}
