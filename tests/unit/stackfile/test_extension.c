/* x-stackpilot of the top level: what it means, and what it refuses. */
#include "base/time.h"
#include "refusing.h"
#include "stackfile/expand.h"

#define SERVICES "services: {web: {image: nginx}}\n"

Test(extension, without_it_the_policy_is_the_careful_one)
{
	autoreading struct reading r = { 0 };

	cr_accepted(&r, SERVICES);
	cr_expect_eq(r.stack->policy.on_failure, STACK_ROLLBACK);
	cr_expect_eq(r.stack->policy.timeout_ns, 0);
	cr_expect(r.stack->policy.require_lock);
	cr_expect(r.stack->policy.create_snapshot);
	cr_expect(r.stack->policy.validate_before);
	cr_expect(r.stack->policy.detect_drift);
	cr_expect_eq(r.stack->policy.auto_drift_detect_ns, 0);
	cr_expect_not(r.stack->policy.auto_drift_fix);
	cr_expect_eq(r.stack->ttl_ns, 0);
	cr_expect_eq(r.stack->n_tasks + r.stack->n_outputs + r.stack->n_requires, 0);
}

Test(extension, policy_and_lifetime)
{
	autoreading struct reading r = { 0 };

	cr_accepted(&r, SERVICES
		    "x-stackpilot:\n"
		    "  policy: {on_failure: stop, timeout: 10m, require_lock: false,\n"
		    "    create_snapshot: false, validate_before: false, detect_drift: false,\n"
		    "    auto_drift_detect: 5m, auto_drift_fix: true}\n"
		    "  ttl: 72h\n");
	cr_expect_eq(r.stack->policy.on_failure, STACK_STOP);
	cr_expect_eq(r.stack->policy.timeout_ns, 600 * SP_NS_PER_S);
	cr_expect_not(r.stack->policy.require_lock);
	cr_expect_not(r.stack->policy.create_snapshot);
	cr_expect_not(r.stack->policy.validate_before);
	cr_expect_not(r.stack->policy.detect_drift);
	cr_expect_eq(r.stack->policy.auto_drift_detect_ns, 300 * SP_NS_PER_S);
	cr_expect(r.stack->policy.auto_drift_fix);
	cr_expect_eq(r.stack->ttl_ns, 72 * 3600 * SP_NS_PER_S);
}

static const char tasks[] = "services: {web: {image: nginx}}\n"
			    "volumes: {data: }\n"
			    "x-stackpilot:\n"
			    "  tasks:\n"
			    "    notify: {image: curl, when: after, depends_on: [migrate]}\n"
			    "    migrate:\n"
			    "      image: tool:1\n"
			    "      command: [migrate, up]\n"
			    "      environment: {B: 2, A: 1}\n"
			    "      volumes: [data:/data]\n"
			    "      mem_limit: 64m\n"
			    "      placement: {constraints: [node.hostname == worker1]}\n"
			    "      depends_on: [backup]\n"
			    "      timeout: 30s\n"
			    "      retries: 2\n"
			    "    backup: {image: tool:1}\n";

Test(extension, a_task_is_a_container_with_a_moment_and_an_end)
{
	autoreading struct reading r = { 0 };
	const struct stack_task *t;

	cr_accepted(&r, tasks);
	cr_assert_eq(r.stack->n_tasks, 3);
	cr_expect_eq(r.stack->tasks[0].when, STACK_AFTER);
	t = stack_task_find(r.stack, "migrate");
	cr_assert_eq(t, &r.stack->tasks[1]);
	cr_expect_eq(t->when, STACK_BEFORE);
	cr_expect_str_eq(t->run.image, "tool:1");
	cr_expect_str_eq(t->run.command[1], "up");
	cr_expect_str_eq(t->run.environment[0], "A=1");
	cr_expect_eq(t->run.n_mounts, 1);
	cr_expect_eq(t->run.limits.memory_max_bytes, 64 << 20);
	cr_expect_eq(t->run.n_constraints, 1);
	cr_expect_eq(t->run.restart, WIRE_RESTART_NO);
	cr_expect_eq(t->timeout_ns, 30 * SP_NS_PER_S);
	cr_expect_eq(t->retries, 2);
	cr_expect_eq(r.stack->tasks[2].timeout_ns, 300 * SP_NS_PER_S);
	cr_expect_null(stack_task_find(r.stack, "web"));
}

Test(extension, tasks_come_after_what_they_depend_on)
{
	autoreading struct reading r = { 0 };

	cr_accepted(&r, tasks);
	cr_expect_eq(r.stack->task_order[0], 2, "backup");
	cr_expect_eq(r.stack->task_order[1], 1, "migrate");
	cr_expect_eq(r.stack->task_order[2], 0, "notify");
}

Test(extension, a_task_expands_to_a_workload_like_a_service)
{
	autoreading struct reading r = { 0 };
	struct wire_workload *w = NULL;
	struct sp_err err;

	cr_accepted(&r, tasks);
	cr_assert_eq(stack_expand(r.stack, &r.stack->tasks[1].run, 1, &w, &err), 0);
	cr_expect_str_eq(w->id, "demo-migrate-1");
	cr_expect_str_eq(w->mounts[0].source, "demo.data");
	wire_workload_free(w);
}

Test(extension, outputs_are_values_or_keys_of_the_state)
{
	autoreading struct reading r = { .variables = (const struct given[]){ { "HOST", "h1" },
									      { 0 } } };
	const struct stack_output *o;

	cr_accepted(&r, SERVICES "x-stackpilot:\n"
				 "  outputs:\n"
				 "    url: http://${HOST}:80\n"
				 "    password: {value: x, sensitive: true}\n"
				 "    vpc_id: {state: vpc.id}\n");
	cr_assert_eq(r.stack->n_outputs, 3);
	cr_expect_str_eq(stack_output_find(r.stack, "url")->value, "http://h1:80");
	cr_expect_not(stack_output_find(r.stack, "url")->sensitive);
	cr_expect(stack_output_find(r.stack, "password")->sensitive);
	o = stack_output_find(r.stack, "vpc_id");
	cr_expect_null(o->value);
	cr_expect_str_eq(o->state, "vpc.id");
	cr_expect_null(stack_output_find(r.stack, "none"));
}

static void expect_part(const struct stack_output *o, size_t i, const char *text)
{
	cr_assert_lt(i, o->n_parts);
	cr_assert_not_null(o->parts[i].text, "part %zu", i);
	cr_expect_str_eq(o->parts[i].text, text);
}

static void expect_fact(const struct stack_output *o, size_t i, const char *service,
			enum stack_fact fact, int port)
{
	cr_assert_lt(i, o->n_parts);
	cr_assert_null(o->parts[i].text, "part %zu", i);
	cr_expect_str_eq(o->parts[i].service, service);
	cr_expect_eq(o->parts[i].fact, fact);
	cr_expect_eq(o->parts[i].port, port);
}

Test(extension, outputs_refer_to_services_with_variables_and_dollar_signs_around)
{
	autoreading struct reading r = { .variables =
						 (const struct given[]){ { "U", "a$b" }, { 0 } } };
	const struct stack_output *o;

	cr_accepted(&r, "services:\n"
			"  a.db: {image: x, ports: ['5432:5432', '5353:53/udp']}\n"
			"x-stackpilot:\n"
			"  outputs:\n"
			"    url: 'pg://${U}$$@${services.a.db.node_address}:"
			"${services.a.db.port.5432}/${NONE:-x}'\n"
			"    at: {value: '${services.a.db.address}${services.a.db.node}', "
			"sensitive: true}\n"
			"    plain: '$${services.a.db.address}'\n");
	o = stack_output_find(r.stack, "url");
	cr_expect_null(o->value);
	cr_expect_eq(o->n_parts, 5);
	expect_part(o, 0, "pg://a$b$@");
	expect_fact(o, 1, "a.db", STACK_FACT_NODE_ADDRESS, 0);
	expect_part(o, 2, ":");
	expect_fact(o, 3, "a.db", STACK_FACT_PORT, 5432);
	expect_part(o, 4, "/x");
	o = stack_output_find(r.stack, "at");
	cr_expect(o->sensitive);
	cr_expect_eq(o->n_parts, 2);
	expect_fact(o, 0, "a.db", STACK_FACT_ADDRESS, 0);
	expect_fact(o, 1, "a.db", STACK_FACT_NODE, 0);
	o = stack_output_find(r.stack, "plain");
	cr_expect_eq(o->n_parts, 1);
	expect_part(o, 0, "${services.a.db.address}");
}

Test(extension, requires_is_a_list_or_a_map_with_outputs)
{
	autoreading struct reading list = { 0 }, map = { 0 };
	const struct stack_output_use *use;

	cr_accepted(&list, SERVICES "x-stackpilot: {requires: [network, dns]}\n");
	cr_assert_eq(list.stack->n_requires, 2);
	cr_expect_str_eq(list.stack->requires[1].stack, "dns");
	cr_expect_null(list.stack->requires[1].outputs);

	cr_accepted(&map, "services:\n"
			  "  web:\n"
			  "    image: nginx\n"
			  "    x-stackpilot: {from_output: {VPC: network/vpc_id}}\n"
			  "x-stackpilot: {requires: {network: {outputs: [vpc_id]}, dns: }}\n");
	cr_assert_eq(map.stack->n_requires, 2);
	cr_expect_str_eq(stack_require_find(map.stack, "network")->outputs[0], "vpc_id");
	use = &map.stack->services[0].from_output[0];
	cr_assert_eq(map.stack->services[0].n_from_output, 1);
	cr_expect_str_eq(use->variable, "VPC");
	cr_expect_str_eq(use->stack, "network");
	cr_expect_str_eq(use->output, "vpc_id");
}

Test(extension, drift_rules)
{
	autoreading struct reading r = { 0 };

	cr_accepted(
		&r, SERVICES
		"x-stackpilot:\n"
		"  drift:\n"
		"    ignore:\n"
		"      - {type: config, resource: demo-web-*, field: environment.*, reason: hm}\n"
		"      - {resource: x}\n");
	cr_assert_eq(r.stack->n_drift_ignore, 2);
	cr_expect_str_eq(r.stack->drift_ignore[0].type, "config");
	cr_expect_str_eq(r.stack->drift_ignore[0].field, "environment.*");
	cr_expect_null(r.stack->drift_ignore[1].type);
	cr_expect_eq(r.stack->drift_ignore[1].at.line, 6);
}

/* Cases below "services: {web: {image: nginx}}", so their first line is line 2. */
static void refuse_extensions(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autoreading struct reading r = { 0 };
		char text[1024];

		snprintf(text, sizeof(text), SERVICES "x-stackpilot: {%s}\n", cases[i].body);
		read_text_of(&r, text);
		cr_expect_eq(r.result, -EINVAL, "%s", text);
		cr_said(&r.report, cases[i].line, text);
	}
}

Test(extension, refuses_in_keys_and_policy)
{
	static const struct refusal cases[] = {
		{ "polcy: {}",
		  "s.yaml:2:16: error: x-stackpilot.polcy is not a key of x-stackpilot (did you mean "
		  "'policy'?)" },
		{ "policy: {on_failure: keep}",
		  "s.yaml:2:37: error: x-stackpilot.policy.on_failure is 'keep', not one of: "
		  "rollback, stop" },
		{ "policy: {timeout: 5}",
		  "s.yaml:2:34: error: x-stackpilot.policy.timeout expects a duration such as 1m30s, "
		  "not '5'" },
		{ "policy: {require_locks: true}",
		  "s.yaml:2:25: error: x-stackpilot.policy.require_locks is not a key of "
		  "x-stackpilot.policy (did you mean 'require_lock'?)" },
		{ "policy: {detect_drift: [1]}",
		  "s.yaml:2:39: error: x-stackpilot.policy.detect_drift expects true or false, not a "
		  "list" },
		{ "policy: {auto_drift_fix: true}",
		  "s.yaml:2:24: error: x-stackpilot.policy has 'auto_drift_fix' without "
		  "'auto_drift_detect'" },
		{ "policy: {auto_drift_detect: 1ms}",
		  "s.yaml:2:44: error: x-stackpilot.policy.auto_drift_detect is shorter than 1s" },
		{ "ttl: forever",
		  "s.yaml:2:21: error: x-stackpilot.ttl expects a duration such as 1m30s, not "
		  "'forever'" },
		{ "ttl: 9000h", "s.yaml:2:21: error: x-stackpilot.ttl is longer than a year" },
		{ "drift: {ignore: [{}]}",
		  "s.yaml:2:33: error: x-stackpilot.drift.ignore[0] needs 'type', 'resource' or "
		  "'field'" },
		{ "drift: {ignore: [{type: odd}]}",
		  "s.yaml:2:40: error: x-stackpilot.drift.ignore[0].type is 'odd', not one of: "
		  "config, resource, state, dependency" },
		{ "drift: {ignored: []}",
		  "s.yaml:2:24: error: x-stackpilot.drift.ignored is not a key of "
		  "x-stackpilot.drift (did you mean 'ignore'?)" },
	};

	refuse_extensions(cases, SP_COUNT(cases));
}

Test(extension, refuses_in_tasks)
{
	static const struct refusal cases[] = {
		{ "tasks: {t: {command: x}}",
		  "s.yaml:2:24: error: x-stackpilot.tasks.t has no 'image'" },
		{ "tasks: {web: {image: x}}",
		  "s.yaml:2:24: error: x-stackpilot.tasks.web is the name of a service too" },
		{ "tasks: {T: {image: x}}",
		  "s.yaml:2:24: error: x-stackpilot.tasks.T is no name for a task: lower-case "
		  "letters, digits, '-', '_' and '.', at most 63" },
		{ "tasks: {t: {image: x, ports: ['1:1']}}",
		  "s.yaml:2:38: error: x-stackpilot.tasks.t.ports is not a key of "
		  "x-stackpilot.tasks.NAME" },
		{ "tasks: {t: {image: x, comand: y}}",
		  "s.yaml:2:38: error: x-stackpilot.tasks.t.comand is not a key of "
		  "x-stackpilot.tasks.NAME (did you mean 'command'?)" },
		{ "tasks: {t: {image: x, privileged: true}}",
		  "s.yaml:2:38: error: x-stackpilot.tasks.t.privileged is not supported yet" },
		{ "tasks: {t: {image: x, when: soon}}",
		  "s.yaml:2:44: error: x-stackpilot.tasks.t.when is 'soon', not one of: before, "
		  "after" },
		{ "tasks: {t: {image: x, timeout: 0s}}",
		  "s.yaml:2:47: error: x-stackpilot.tasks.t.timeout is 0" },
		{ "tasks: {t: {image: x, retries: 101}}",
		  "s.yaml:2:47: error: x-stackpilot.tasks.t.retries is '101', outside of 0..100" },
		{ "tasks: {t: {image: x, depends_on: [web]}}",
		  "s.yaml:2:51: error: x-stackpilot.tasks.t.depends_on[0] depends on 'web', which is "
		  "not a task of this file" },
		{ "tasks: {a: {image: x, depends_on: [b, b]}, b: {image: x}}",
		  "s.yaml:2:54: error: x-stackpilot.tasks.a.depends_on[1] names 'b' a second time" },
		{ "tasks: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}",
		  "s.yaml:2:56: error: x-stackpilot.tasks.b.depends_on closes a circle: a -> b -> "
		  "a" },
		{ "tasks: {a: {image: x, depends_on: [b]}, b: {image: x, when: after}}",
		  "s.yaml:2:27: error: x-stackpilot.tasks.a runs before the services and depends on "
		  "'b', which runs after them" },
		{ "tasks: {t: {image: x, mem_limit: 1k, mem_reservation: 2k}}",
		  "s.yaml:2:24: error: x-stackpilot.tasks.t reserves 2048 bytes of memory and is "
		  "limited to 1024" },
		{ "tasks: {t: {image: x, volumes: ['/a:/x', '/b:/x']}}",
		  "s.yaml:2:57: error: x-stackpilot.tasks.t mounts two things at '/x'" },
		{ "tasks: [t]",
		  "s.yaml:2:23: error: x-stackpilot.tasks expects a map, not a list" },
	};

	refuse_extensions(cases, SP_COUNT(cases));
}

Test(extension, refuses_in_outputs_and_requires)
{
	static const struct refusal cases[] = {
		{ "outputs: {u: {}}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u needs 'value' or 'state'" },
		{ "outputs: {u: {value: a, state: b}}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u needs 'value' or 'state', not both" },
		{ "outputs: {u: [a]}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u expects a string, not a list" },
		{ "outputs: {u: {state: a/b}}",
		  "s.yaml:2:37: error: x-stackpilot.outputs.u.state is 'a/b': a key has "
		  "lower-case letters, digits, '_', '-' and '.', at most 63" },
		{ "outputs: {u: {state: VpcId}}",
		  "s.yaml:2:37: error: x-stackpilot.outputs.u.state is 'VpcId': a key has "
		  "lower-case letters, digits, '_', '-' and '.', at most 63" },
		{ "outputs: {u: '${services.db.address}'}",
		  "s.yaml:2:26: error: x-stackpilot.outputs.u tells of the service 'db', which is "
		  "not there" },
		{ "outputs: {u: '${services.web.port.80}'}",
		  "s.yaml:2:26: error: x-stackpilot.outputs.u tells what 'web' publishes for port "
		  "80, and it publishes nothing" },
		{ "outputs: {u: 'x ${services.web.uptime}'}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u has '${services.web.uptime}': a "
		  "service has .address, .node, .node_address and .port.NUMBER" },
		{ "outputs: {u: '${services.web.port.x}'}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u has '${services.web.port.x}': a "
		  "service has .address, .node, .node_address and .port.NUMBER" },
		{ "outputs: {u: '${services.address}'}",
		  "s.yaml:2:29: error: x-stackpilot.outputs.u has '${services.address}': a "
		  "service has .address, .node, .node_address and .port.NUMBER" },
		{ "tasks: {t: {image: x, user: '${services.web.address}'}}",
		  "s.yaml:2:45: error: x-stackpilot.tasks.t.user has a '$' that starts no "
		  "variable: write '$$' for a dollar sign" },
		{ "outputs: {a/b: x}",
		  "s.yaml:2:26: error: x-stackpilot.outputs.a/b is no name for an output: letters, "
		  "digits, '_', '-' and '.', at most 63" },
		{ "requires: [demo]",
		  "s.yaml:2:27: error: x-stackpilot.requires[0] names the stack itself" },
		{ "requires: [a, a]",
		  "s.yaml:2:30: error: x-stackpilot.requires[1] names 'a' a second time" },
		{ "requires: [A]",
		  "s.yaml:2:27: error: x-stackpilot.requires[0] names 'A', which cannot be a stack" },
		{ "requires: {a: {output: [b]}}",
		  "s.yaml:2:31: error: x-stackpilot.requires.a.output is not a key of "
		  "x-stackpilot.requires.STACK (did you mean 'outputs'?)" },
		{ "requires: {a: {outputs: [b/c]}}",
		  "s.yaml:2:40: error: x-stackpilot.requires.a.outputs has 'b/c', which is no name "
		  "of an output" },
		{ "requires: 5", "s.yaml:2:26: error: x-stackpilot.requires expects a list, not a "
				 "string" },
		{ "tasks: {t: {image: x, from_output: {V: net/o}}}",
		  "s.yaml:2:55: error: x-stackpilot.tasks.t.from_output uses the stack 'net', which "
		  "x-stackpilot.requires does not have" },
		{ "requires: {net: }, tasks: {t: {image: x, from_output: {V: net/o}}}",
		  "s.yaml:2:74: error: x-stackpilot.tasks.t.from_output uses 'net/o', and "
		  "x-stackpilot.requires.net.outputs does not have 'o'" },
		{ "requires: {net: {outputs: [o]}}, tasks: {t: {image: x, environment: [V=1], "
		  "from_output: {V: net/o}}}",
		  "s.yaml:2:108: error: x-stackpilot.tasks.t.from_output gives 'V', which the "
		  "environment has too" },
		{ "tasks: {t: {image: x, from_output: {V: net}}}",
		  "s.yaml:2:55: error: x-stackpilot.tasks.t.from_output.V expects STACK/OUTPUT, not "
		  "'net'" },
		{ "tasks: {t: {image: x, from_output: {'A B': net/o}}}",
		  "s.yaml:2:52: error: x-stackpilot.tasks.t.from_output.A B cannot name a variable" },
	};

	refuse_extensions(cases, SP_COUNT(cases));
}
