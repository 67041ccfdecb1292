/* Outputs of a deployed stack: values as they stand, values from its state, and what is masked. */
#include "control/stack/outputs.h"

#include <errno.h>

#include "control/stack/from_output.h"
#include "control/store/state.h"
#include "tests/unit/control/fake_cluster.h"

TestSuite(outputs, .init = start_all, .fini = stop_all, .timeout = 60);

static json_t *read_one(const char *name, bool reveal)
{
	json_t *list = NULL;

	cr_assert_eq(outputs_read(s, "demo", name, reveal, &list, &err), 0, "%s", err.message);
	cr_assert_eq(json_array_size(list), 1);
	return list;
}

static const char *value_of(const char *name, bool reveal)
{
	static char value[128];
	autojson json_t *list = read_one(name, reveal);
	const char *text = json_string_value(json_object_get(json_array_get(list, 0), "value"));

	snprintf(value, sizeof(value), "%s", text ? text : "(null)");
	return value;
}

static void deploy_with_outputs(void)
{
	autojson json_t *op = deploy(DB "x-stackpilot:\n  outputs:\n    url: http://api:8080\n"
					"    token: {value: t0p, sensitive: true}\n"
					"    vpc: {state: vpc_id}\n");

	expect_state(op, "succeeded");
}

Test(outputs, are_values_as_they_stand_and_sensitive_ones_only_when_asked_for)
{
	deploy_with_outputs();
	cr_expect_str_eq(value_of("url", false), "http://api:8080");
	cr_expect_str_eq(value_of("token", false), "(null)");
	cr_expect_str_eq(value_of("token", true), "t0p");
}

Test(outputs, follow_the_state_and_are_as_sensitive_as_it_is)
{
	struct store_state_change change = { .stack = "demo",
					     .key = "vpc_id",
					     .value = "vpc-1",
					     .sensitive = true,
					     .by = "ann",
					     .expected = STORE_STATE_ANY };
	int64_t version;

	deploy_with_outputs();
	cr_expect_str_eq(value_of("vpc", true), "(null)", "not set yet");
	cr_assert_eq(store_state_write(s, &change, &version, &err), 0, "%s", err.message);
	cr_expect_str_eq(value_of("vpc", true), "vpc-1");
	cr_expect_str_eq(value_of("vpc", false), "(null)");
}

Test(outputs, that_are_not_there_are_named)
{
	json_t *list = NULL;

	deploy_with_outputs();
	cr_expect_eq(outputs_read(s, "demo", "nothing", true, &list, &err), -ENOENT);
	cr_expect_str_eq(err.message, "stack 'demo' has no output 'nothing'");
	cr_expect_eq(outputs_read(s, "other", NULL, true, &list, &err), -ENOENT);
}

Test(outputs, tell_where_a_service_is)
{
	autojson json_t *op =
		deploy(DB "    ports: ['15432:5432']\nx-stackpilot:\n  outputs:\n"
			  "    url: pg://${services.db.node_address}:${services.db.port.5432}/$$x\n"
			  "    inside: '${services.db.address} on ${services.db.node}'\n");

	expect_state(op, "succeeded");
	cr_expect_str_eq(value_of("url", false), "pg://127.0.0.1:15432/$x");
	cr_expect_str_eq(value_of("inside", false), "10.90.1.2 on worker1");
}

Test(outputs, tell_nothing_of_a_service_without_replicas)
{
	autojson json_t *op = deploy(DB "  none: {image: app, deploy: {replicas: 0}}\n"
					"x-stackpilot:\n  outputs:\n"
					"    at: x${services.none.address}\n");
	char *value = NULL;

	expect_state(op, "succeeded");
	cr_expect_str_eq(value_of("at", false), "(null)");
	cr_expect_eq(output_value(s, "demo", "at", &value, &err), -ENOENT);
	cr_expect_str_eq(err.message,
			 "the output 'at' of 'demo' has no value: its service has no replica");
}
