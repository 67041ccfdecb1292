/* What is taken for a secret, and what is not; and what a diff shows of both. */
#include "control/stack/sensitive.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/stack/declared.h"
#include "control/stack/spec_diff.h"
#include "control/stack/telling.h"
#include "control/stack/workload_diff.h"
#include "stackfile/expand.h"
#include "stackfile/read.h"

static struct sp_err err;

static bool named(const char *name)
{
	return telling_name(name, strlen(name));
}

Test(sensitive, names_that_tell_are_known_in_any_spelling)
{
	cr_expect(named("DB_PASSWORD"));
	cr_expect(named("apiToken"));
	cr_expect(named("client-secret"));
	cr_expect(named("SIGNING_KEY"));
	cr_expect(named("AWS_ACCESS_KEY_ID"));
	cr_expect(named("MYSQL_PWD"));
	cr_expect(named("DBPW"));
	cr_expect(named("PGPW"));
	cr_expect(named("BASIC_AUTH"));
	cr_expect(named("oauthHeader"));
	cr_expect(named("SSHKEY"));
}

Test(sensitive, names_that_only_sound_alike_are_shown)
{
	cr_expect_not(named("PWD"));
	cr_expect_not(named("KEYBOARD"));
	cr_expect_not(named("LOG_LEVEL"));
	cr_expect_not(named("MONKEY"));
	cr_expect_not(named("COMPASS"));
	cr_expect_not(named("AUTHOR"));
	cr_expect_not(named("VPC"));
}

Test(sensitive, values_are_known_by_urls_options_and_secret_files)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *spec =
		json_loads("{\"files\": [{\"target\": \"/s\", \"content\": \"aHVudGVyMgo=\","
			   " \"secret\": true}]}",
			   0, NULL);
	static const struct {
		const char *value;
		bool hidden;
	} rows[] = {
		{ "\"postgres://u:pw@db/x\"", true },
		{ "\"postgres://u@db:5432/x\"", true },
		{ "\"postgres://db:5432/x?user=u\"", false },
		{ "\"host=db user=shop password=x\"", true },
		{ "\"host=db user=shop\"", false },
		{ "\"Server=db;Pwd=x;\"", true },
		{ "\"Authorization: Basic eA\"", true },
		{ "\"{\\\"client_secret\\\": \\\"x\\\"}\"", true },
		{ "\"psql --password x\"", true },
		{ "\"-----BEGIN PRIVATE KEY-----\"", true },
		{ "\"ghp_0123456789abcdefghij\"", true },
		{ "\"eu-west-1\"", false },
		{ "\"registry:5000/auth:1.2\"", false },
		{ "\"/run/secrets/token:ro\"", false },
		{ "\"sleep 1000\"", false },
		{ "\"http://db:80/a@b\"", false },
		{ "[\"run\", \"--password\", \"x\"]", true },
		{ "[\"run\", \"--token=x\"]", true },
		{ "[\"run\", \"--mode\", \"x\"]", false },
		{ "\"is hunter2 here\"", true },
		{ "\"hunter\"", false },
		{ "17", false },
	};

	cr_assert_eq(sensitive_add_spec(&s, spec, &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		autojson json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);

		cr_expect_eq(sensitive_value(&s, value), rows[i].hidden, "%s", rows[i].value);
	}
}

Test(spec_diff, names_each_field_by_its_path_and_hides_free_text_of_no_known_file)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *was = json_loads(
		"{\"id\": \"a\", \"environment\": [\"A=1\", \"B=2\"], \"address\": \"10.0.0.1\","
		" \"ports\": [{\"host_port\": 80, \"container_port\": 8080}],"
		" \"limits\": {\"pids_max\": 5}}",
		0, NULL);
	autojson json_t *is = json_loads(
		"{\"id\": \"b\", \"environment\": [\"A=1\", \"C=3\"],"
		" \"ports\": [{\"host_port\": 80, \"container_port\": 8081}],"
		" \"limits\": {\"pids_max\": 6}, \"mounts\": [{\"type\": \"tmpfs\", \"target\": \"/t\"}]}",
		0, NULL);
	struct spec_of before = { was, SENSITIVE_BEFORE }, after = { is, SENSITIVE_AFTER };
	autojson json_t *changes = NULL;
	autofree char *text = NULL;

	cr_assert_eq(spec_diff(&before, &after, &s, &changes, &err), 0);
	text = sp_json_canonical(changes);
	cr_expect_str_eq(
		text,
		"[{\"before\":\"(sensitive)\",\"path\":\"environment.B\",\"sensitive\":true},"
		"{\"after\":\"(sensitive)\",\"path\":\"environment.C\",\"sensitive\":true},"
		"{\"after\":6,\"before\":5,\"path\":\"limits.pids_max\"},"
		"{\"after\":\"tmpfs\",\"path\":\"mounts./t.type\"},"
		"{\"after\":8081,\"before\":8080,\"path\":\"ports.0.0.0.0:80/tcp\"}]",
		"%s", text);
}

Test(spec_diff, shows_the_digest_of_a_config_and_nothing_of_a_secret)
{
	autosensitive struct sensitive s = { 0 };
	autojson json_t *is =
		json_loads("{\"files\": [{\"target\": \"/c\", \"content\": \"eA==\"},"
			   " {\"target\": \"/s\", \"content\": \"eQ==\", \"secret\": true}]}",
			   0, NULL);
	struct spec_of before = { NULL, SENSITIVE_BEFORE }, after = { is, SENSITIVE_AFTER };
	autojson json_t *changes = NULL;

	cr_assert_eq(spec_diff(&before, &after, &s, &changes, &err), 0);
	cr_assert_eq(json_array_size(changes), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 0), "after")),
			 "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 1), "after")),
			 SENSITIVE_SHOWN);
}

/* ---- where a value comes from ---- */

static const char *variable(void *state, const char *name)
{
	(void)state;
	return strcmp(name, "X") ? NULL : "canary";
}

static int env_file(void *state, const char *path, struct sp_buf *ret, struct sp_err *e)
{
	(void)state;
	(void)e;
	cr_assert_str_eq(path, "app.env");
	sp_buf_puts(ret, "FROM_FILE=canary\nOVER=canary\n");
	return 0;
}

static struct stack *stack_of(const char *service, const char *extension)
{
	static const struct stack_resolver resolver = { variable, env_file, NULL };
	autofree char *text = sp_str_format("services: {web: {image: 'i:${X}', %s}}\n"
					    "x-stackpilot: {%s}\n",
					    service, extension);
	struct stack_source source = {
		.file = "s", .text = text, .len = strlen(text), .name = "demo"
	};
	struct stack_report report = { 0 };
	struct stack *s = NULL;

	cr_assert_eq(stack_read(&source, &resolver, &s, &report, &err), 0, "%s\n%s", err.message,
		     report.n ? report.list[0].message : "");
	stack_report_fini(&report);
	return s;
}

static json_t *spec_of(const struct stack *stack)
{
	struct wire_workload *w = NULL;
	json_t *spec = NULL;

	cr_assert_eq(stack_expand(stack, &stack->services[0], 1, &w, &err), 0);
	cr_assert_eq(wire_workload_encode(w, &spec, &err), 0);
	wire_workload_free(w);
	return spec;
}

/* "path=after", one a line, of all the fields of a new service. */
static char *shown(const char *service)
{
	auto_(stack_free) struct stack *stack = stack_of(service, "");
	autosensitive struct sensitive s = { 0 };
	autojson json_t *spec = spec_of(stack), *changes = NULL;
	struct spec_of before = { NULL, SENSITIVE_BEFORE }, after = { spec, SENSITIVE_AFTER };
	autobuf struct sp_buf out = SP_BUF_INIT;
	const json_t *one;
	size_t i;

	cr_assert_eq(sensitive_add_stack(&s, SENSITIVE_AFTER, stack, &err), 0);
	cr_assert_eq(spec_diff(&before, &after, &s, &changes, &err), 0);
	json_array_foreach (changes, i, one) {
		autofree char *value =
			json_dumps(json_object_get(one, "after"), JSON_ENCODE_ANY | JSON_COMPACT);

		sp_buf_printf(&out, "\n%s=%s", json_string_value(json_object_get(one, "path")),
			      value);
	}
	return sp_buf_take(&out);
}

Test(provenance, what_stands_openly_is_shown_and_what_comes_from_outside_is_not)
{
	static const struct {
		const char *service, *field;
	} rows[] = {
		{ "environment: {MODE: fast}", "\nenvironment.MODE=\"fast\"" },
		{ "environment: {PRICE: '5$$'}", "\nenvironment.PRICE=\"5$\"" },
		{ "environment: {PGOPTS: '${X}'}", "\nenvironment.PGOPTS=\"(sensitive)\"" },
		{ "environment: ['PGOPTS=a $X']", "\nenvironment.PGOPTS=\"(sensitive)\"" },
		{ "environment: {PGOPTS: '${Y:-z}'}", "\nenvironment.PGOPTS=\"(sensitive)\"" },
		{ "environment: {X: }", "\nenvironment.X=\"(sensitive)\"" },
		{ "environment: [X]", "\nenvironment.X=\"(sensitive)\"" },
		{ "env_file: app.env", "\nenvironment.FROM_FILE=\"(sensitive)\"" },
		{ "env_file: app.env, environment: {OVER: open}", "\nenvironment.OVER=\"open\"" },
		{ "environment: {DBPW: open}", "\nenvironment.DBPW=\"(sensitive)\"" },
		{ "command: [run, fast]", "\ncommand=[\"run\",\"fast\"]" },
		{ "command: [run, '${X}']", "\ncommand=\"(sensitive)\"" },
		{ "entrypoint: 'run $X'", "\nentrypoint=\"(sensitive)\"" },
		{ "labels: {a.b: c, d: '$X'}", "\nlabels.a.b=\"c\"" },
		{ "labels: {a.b: c, d: '$X'}", "\nlabels.d=\"(sensitive)\"" },
		{ "labels: {basicauth.users: c}", "\nlabels.basicauth.users=\"(sensitive)\"" },
		{ "healthcheck: {test: [CMD, ask, well]}",
		  "\nreadiness.command=[\"ask\",\"well\"]" },
		{ "healthcheck: {test: [CMD, ask, '$X']}", "\nreadiness.command=\"(sensitive)\"" },
		{ "x-stackpilot: {liveness: {exec: {command: [ask, '$X']}}}",
		  "\nliveness.command=\"(sensitive)\"" },
		{ "x-stackpilot: {liveness: {postgres: {user: '$X'}}}",
		  "\nliveness.user=\"(sensitive)\"" },
		{ "x-stackpilot: {liveness: {http: {port: 1, path: '/$X'}}}",
		  "\nliveness.path=\"/canary\"" },
		{ "hostname: h", "\nimage=\"i:canary\"" },
	};

	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		autofree char *text = shown(rows[i].service);

		cr_expect_not_null(strstr(text, rows[i].field), "%s: %s", rows[i].service, text);
	}
}

Test(provenance, a_healthcheck_with_a_hidden_variable_in_its_path_is_run_in_the_container)
{
	autofree char *hidden = shown("environment: {K: '$X'}, "
				      "healthcheck: {test: 'curl -f http://localhost:80/$$K'}");
	autofree char *open = shown("environment: {K: ready}, "
				    "healthcheck: {test: 'curl -f http://localhost:80/$$K'}");

	cr_expect_not_null(strstr(hidden, "/bin/sh\",\"-c\",\"curl -f http://localhost:80/$K\""),
			   "%s", hidden);
	cr_expect_null(strstr(hidden, "readiness.path"), "%s", hidden);
	cr_expect_not_null(strstr(open, "\nreadiness.path=\"/ready\""), "%s", open);
}

Test(provenance, nor_is_the_path_of_a_hidden_url_told)
{
	static const char *const lines[] = { "curl -f $$K", "curl -f $${K}",
					     "curl -f $${NONE:-$$K}",
					     "wget --spider http://localhost:80/$${P:-$${K}}" };

	for (size_t i = 0; i < SP_COUNT(lines); i++) {
		autofree char *service =
			sp_str_format("environment: {K: 'http://localhost:80/$X'}, "
				      "healthcheck: {test: '%s'}",
				      lines[i]);
		autofree char *text = shown(service);

		cr_expect_not_null(strstr(text, "\nreadiness.type=\"exec\""), "%s", text);
		cr_expect_null(strstr(text, "/canary"), "%s", text);
	}
}

Test(provenance, of_a_change_either_side_hides_both)
{
	auto_(stack_free) struct stack *was = stack_of("environment: {A: '${X}', B: one}", "");
	auto_(stack_free) struct stack *is = stack_of("environment: {A: open, B: two}", "");
	autosensitive struct sensitive s = { 0 };
	autojson json_t *old = spec_of(was), *new = spec_of(is), *changes = NULL, *other = NULL;
	struct spec_of before = { old, SENSITIVE_BEFORE }, after = { new, SENSITIVE_AFTER };
	struct spec_of stray = { old, SENSITIVE_UNKNOWN };

	sensitive_add_stack(&s, SENSITIVE_BEFORE, was, &err);
	sensitive_add_stack(&s, SENSITIVE_AFTER, is, &err);
	cr_assert_eq(spec_diff(&before, &after, &s, &changes, &err), 0);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 0), "before")),
			 SENSITIVE_SHOWN);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 0), "after")),
			 SENSITIVE_SHOWN);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(changes, 1), "before")),
			 "one");
	cr_assert_eq(spec_diff(&stray, &after, &s, &other, &err), 0);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(other, 1), "before")),
			 SENSITIVE_SHOWN, "of a leftover nobody knows");
}

Test(declared, outputs_and_policy_differ_field_by_field)
{
	static const char want[] =
		"[{\"changes\":[{\"after\":\"(sensitive)\",\"before\":\"(sensitive)\","
		"\"path\":\"value\",\"sensitive\":true}],\"id\":\"output from\",\"sign\":\"~\"},"
		"{\"changes\":[{\"after\":\"tcp://${services.web.address}\",\"before\":\"eu\","
		"\"path\":\"value\"}],\"id\":\"output zone\",\"sign\":\"~\"},"
		"{\"changes\":[{\"after\":\"s\",\"path\":\"state\"}],\"id\":\"output held\","
		"\"sign\":\"+\"},"
		"{\"changes\":[{\"after\":\"stop\",\"before\":\"rollback\",\"path\":\"on_failure\"},"
		"{\"after\":60000000000,\"before\":0,\"path\":\"timeout_ns\"}],\"id\":\"policy\","
		"\"sign\":\"~\"},"
		"{\"changes\":[{\"before\":\"1\",\"path\":\"value\"}],\"id\":\"output gone\","
		"\"sign\":\"-\"}]";
	auto_(stack_free) struct stack *was =
		stack_of("hostname: h", "outputs: {from: '${X}', gone: '1', zone: eu}");
	auto_(stack_free) struct stack *is = stack_of(
		"hostname: h", "outputs: {from: 'a ${X}', zone: 'tcp://${services.web.address}',"
			       " held: {state: s}}, policy: {on_failure: stop, timeout: 1m}");
	autosensitive struct sensitive s = { 0 };
	autojson json_t *before = json_array(), *after = json_array(), *list = NULL;
	struct workload_sides sides = { before, after, &s };
	autofree char *text = NULL;

	cr_assert_eq(declared_append(was, before, &err), 0);
	cr_assert_eq(declared_append(is, after, &err), 0);
	cr_assert_eq(workload_diff(&sides, &list, &err), 0);
	text = sp_json_canonical(list);
	cr_expect_str_eq(text, want, "%s", text);
}
