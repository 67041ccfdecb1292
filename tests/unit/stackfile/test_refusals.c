/* What a stack file may not say as a whole: keys, the top level, variables, and the report of it
 * all. */
#include "refusing.h"

Test(refusals, name_an_unknown_key_and_what_was_meant)
{
	static const struct refusal cases[] = {
		{ "    enviroment: {}\n",
		  "s.yaml:4:5: error: services.web.enviroment is not a key of services.NAME "
		  "(did you mean 'environment'?)" },
		{ "    buidl: .\n", "s.yaml:4:5: error: services.web.buidl is not a key of "
				    "services.NAME (did you mean 'build'?)" },
		{ "    frobnicate: 1\n",
		  "s.yaml:4:5: error: services.web.frobnicate is not a key of services.NAME" },
		{ "    deploy: {replica: 1}\n",
		  "s.yaml:4:14: error: services.web.deploy.replica is not a key of "
		  "services.NAME.deploy (did you mean 'replicas'?)" },
		{ "    x-stackpilot: {rediness: {}}\n",
		  "s.yaml:4:20: error: services.web.x-stackpilot.rediness is not a key of "
		  "services.NAME.x-stackpilot (did you mean 'readiness'?)" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, name_what_compose_has_and_stackpilot_has_not)
{
	static const struct refusal cases[] = {
		{ "    build: .\n", "s.yaml:4:5: error: services.web.build is not supported yet" },
		{ "    privileged: true\n",
		  "s.yaml:4:5: error: services.web.privileged is not supported yet" },
		{ "    security_opt: [seccomp=unconfined]\n",
		  "s.yaml:4:5: error: services.web.security_opt is not supported yet" },
		{ "    networks: [a]\n",
		  "s.yaml:4:5: error: services.web.networks is not supported yet" },
		{ "    network_mode: host\n",
		  "s.yaml:4:19: error: services.web.network_mode 'host' is not supported yet "
		  "('none' is)" },
		{ "    deploy: {mode: global}\n",
		  "s.yaml:4:20: error: services.web.deploy.mode 'global' is not supported yet" },
		{ "    deploy: {restart_policy: {delay: 5s}}\n",
		  "s.yaml:4:31: error: services.web.deploy.restart_policy.delay is not supported "
		  "yet" },
		{ "    volumes: [/data]\n",
		  "s.yaml:4:15: error: services.web.volumes[0] is not SOURCE:TARGET: a volume "
		  "without a name is not supported yet" },
		{ "    ports: [\"80\"]\n",
		  "s.yaml:4:13: error: services.web.ports[0] gives no host port, which is not "
		  "supported yet: write HOST:80" },
		{ "    extra_hosts: [\"a:host-gateway\"]\n",
		  "s.yaml:4:19: error: services.web.extra_hosts[0] asks for 'host-gateway', which "
		  "is not supported yet" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_variables_stand_at_the_variable)
{
	static const struct refusal cases[] = {
		{ "    user: ab${NONE:?say who}\n",
		  "s.yaml:4:13: error: services.web.user needs the variable 'NONE': say who" },
		{ "    user: \"ab${NONE?}\"\n",
		  "s.yaml:4:14: error: services.web.user needs the variable 'NONE'" },
		{ "    command: [a, b $1]\n",
		  "s.yaml:4:20: error: services.web.command[1] has a '$' that starts no variable: "
		  "write '$$' for a dollar sign" },
		{ "    user: \"\xC3\xA9${\"\n",
		  "s.yaml:4:13: error: services.web.user has a '$' that starts no variable: write "
		  "'$$' for a dollar sign" },
		{ "    command: |\n      a\n      b $1\n",
		  "s.yaml:4:14: error: services.web.command has a '$' that starts no variable: write "
		  "'$$' for a dollar sign" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_the_top_level)
{
	static const struct refusal cases[] = {
		{ "name: x\n", "s.yaml:1:1: error: the file has no 'services'" },
		{ "services: {}\n", "s.yaml:1:11: error: services has no service" },
		{ "services: []\n", "s.yaml:1:11: error: services expects a map, not a list" },
		{ "services:\n  Web: {image: x}\n",
		  "s.yaml:2:3: error: services.Web is no name for a service: lower-case letters, "
		  "digits, '-', '_' and '.', at most 63" },
		{ "services:\n  web: {}\n", "s.yaml:2:3: error: services.web has no 'image'" },
		{ "services:\n  web: nginx\n",
		  "s.yaml:2:8: error: services.web expects a map, not a string" },
		{ "services:\n  web: {build: .}\n",
		  "s.yaml:2:9: error: services.web.build is not supported yet" },
		{ "name: a.b\nservices: {web: {image: x}}\n",
		  "s.yaml:1:7: error: name is 'a.b': a stack's name has lower-case letters, digits, "
		  "'-' and '_', at most 63" },
		{ "services: {web: {image: x}}\nnetworks: {a: {}}\n",
		  "s.yaml:2:1: error: networks is not supported yet" },
		{ "services: {web: {image: x}}\nvolume: {}\n",
		  "s.yaml:2:1: error: volume is not a key of a stack file (did you mean 'volumes'?)" },
		{ "services: {web: {image: x}}\nvolumes: {a: {external: true}}\n",
		  "s.yaml:2:15: error: volumes.a.external is not supported yet" },
		{ "services: {web: {image: x}}\nvolumes: {a: {driver: nfs}}\n",
		  "s.yaml:2:23: error: volumes.a.driver 'nfs' is not supported yet ('local' is)" },
		{ "services:\n  a23456789012345678901234567890123456789012345678901234567890: {image: "
		  "x}\n",
		  "s.yaml:2:3: error: services."
		  "a23456789012345678901234567890123456789012345678901234567890 has too long a name: "
		  "'demo-a23456789012345678901234567890123456789012345678901234567890-1' is more than "
		  "63 characters" },
	};

	refuse_files(cases, SP_COUNT(cases));
}

Test(refusals, are_all_told_in_one_pass_in_the_order_of_the_file)
{
	autoreading struct reading r = { 0 };

	read_text_of(&r, "services:\n"
			 "  web:\n"
			 "    image: nginx\n"
			 "    build: .\n"
			 "    read_only: 7\n"
			 "    depends_on: [db]\n");
	cr_assert_eq(r.report.errors, 3);
	cr_expect_eq(r.report.list[0].at.line, 4);
	cr_expect_eq(r.report.list[1].at.line, 5);
	cr_expect_eq(r.report.list[2].at.line, 6);
	cr_expect_str_eq(r.err.message, "s.yaml:4:5: error: services.web.build is not supported "
					"yet, and 2 more");
	cr_expect_eq(r.err.stage, SP_STAGE_VALIDATE);
	cr_expect_eq(r.err.code, SP_E_INVALID);
}

Test(refusals, of_a_stack_without_a_name)
{
	struct stack_source source = { .file = "s.yaml", .text = "services: {web: {image: x}}" };
	autoreading struct reading r = { 0 };
	struct stack_resolver resolver = given_resolver(&r);

	source.len = strlen(source.text);
	cr_expect_eq(stack_read(&source, &resolver, &r.stack, &r.report, &r.err), -EINVAL);
	cr_said(&r.report,
		"s.yaml:1:1: error: the stack has no name: give one, or write 'name:' into the file",
		source.text);
	stack_report_fini(&r.report);
	source.name = "No";
	cr_expect_eq(stack_read(&source, &resolver, &r.stack, &r.report, &r.err), -EINVAL);
	cr_said(&r.report,
		"s.yaml:1:1: error: 'No' is no name for a stack: lower-case letters, digits, '-' and "
		"'_', at most 63",
		source.text);
}

/* A value of a variable may be a secret wherever it was put by mistake. */
Test(refusals, quote_a_value_with_a_variable_as_it_stands_in_the_file)
{
	static const char *const bodies[] = {
		"    environment: [\"${V}\"]\n",
		"    environment: [\"${V}\", \"${V}\"]\n",
		"    environment: [\"${LINE}\"]\n",
		"    environment: [\"A${V}=1\"]\n",
		"    cap_add: [\"${V}\"]\n",
		"    mem_limit: \"${V}\"\n",
		"    ports: [\"${V}:80\"]\n",
		"    ports: [{target: \"${V}\"}]\n",
		"    restart: \"${V}\"\n",
		"    hostname: \"${V}\"\n",
		"    deploy: {replicas: \"${N}\"}\n",
		"    healthcheck: {test: [CMD, a], interval: \"${V}\"}\n",
		"    depends_on: [\"${V}\"]\n",
		"    extra_hosts: [\"a:${V}\", \"${V}\"]\n",
		"    extra_hosts: {a: \"${V}\"}\n",
		"    env_file: \"${V}\"\n",
		"    env_file: {path: \"x/${V}\"}\n",
		"    env_file: \"${BAD}\"\n",
		"    secrets: [\"${V}\"]\n",
		"    volumes: [\"${V}:/data\"]\n",
		"    volumes: [\"data:${V}\"]\n",
		"    tmpfs: \"/a:size=${V}\"\n",
		"    stop_signal: \"${V}\"\n",
		"    read_only: \"${V}\"\n",
		"    x-stackpilot: {from_output: {A: \"${V}\"}}\n",
		"x-stackpilot: {requires: {net: {outputs: [\"${V}\"]}}}\n",
		"secrets: {s: {file: \"${V}\"}}\n",
		"secrets: {s: {environment: \"${V}\"}}\n",
	};
	static const struct given variables[] = { { "V", "s3cr3t CANARY" },
						  { "LINE", "CANARY=v" },
						  { "N", "777777" },
						  { "BAD", "CANARY.env" },
						  { 0 } };
	static const struct given files[] = { { "CANARY.env", "A B C\n" }, { 0 } };

	for (size_t i = 0; i < SP_COUNT(bodies); i++) {
		autoreading struct reading r = { .variables = variables, .files = files };
		autobuf struct sp_buf said = { 0 };
		char text[512];

		snprintf(text, sizeof(text), "services:\n  web:\n    image: nginx\n%s", bodies[i]);
		read_text_of(&r, text);
		cr_expect_eq(r.result, -EINVAL, "%s", text);
		for (size_t k = 0; k < r.report.n; k++)
			stack_diagnostic_format(&r.report.list[k], &said);
		cr_expect_gt(r.report.n, 0);
		cr_expect_null(strstr(said.data, "CANARY"), "%s: %s", text, said.data);
		cr_expect_null(strstr(said.data, "777777"), "%s: %s", text, said.data);
	}
}

Test(refusals, of_a_variables_name_say_how_to_write_it)
{
	static const struct refusal cases[] = {
		{ "    environment: [\"${V:-A}=1\"]\n",
		  "s.yaml:4:19: error: services.web.environment[0] has '${V:-A}=1': the name of a "
		  "variable has to stand openly, as in NAME=${VALUE}" },
		{ "    mem_limit: \"${V:-lots}\"\n",
		  "s.yaml:4:16: error: services.web.mem_limit expects a size such as 512m or 2gb, "
		  "not '${V:-lots}'" },
	};

	refuse_all(cases, SP_COUNT(cases));
}
