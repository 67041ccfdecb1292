/* What may not be said of where services run, what they depend on, and what they are given. */
#include "refusing.h"

Test(refusals, of_deploy)
{
	static const struct refusal cases[] = {
		{ "    mem_limit: 1g\n    deploy: {resources: {limits: {memory: 2g}}}\n",
		  "s.yaml:5:43: error: services.web.deploy.resources.limits.memory contradicts the "
		  "service's own limit of 1073741824" },
		{ "    pids_limit: 5\n    deploy: {resources: {limits: {pids: 6}}}\n",
		  "s.yaml:5:41: error: services.web.deploy.resources.limits.pids contradicts the "
		  "service's own limit of 5" },
		{ "    mem_limit: 1k\n    mem_reservation: 2k\n",
		  "s.yaml:2:3: error: services.web reserves 2048 bytes of memory and is limited to "
		  "1024" },
		{ "    deploy: {resources: {limits: {cpus: 1}, reservations: {cpus: 2}}}\n",
		  "s.yaml:2:3: error: services.web reserves 2000 thousandths of a CPU and is limited "
		  "to 1000" },
		{ "    deploy: {placement: {constraints: [node.role == manager]}}\n",
		  "s.yaml:4:40: error: services.web.deploy.placement.constraints[0] asks for "
		  "'node.role', which is not supported yet (node.hostname and node.labels.NAME "
		  "are)" },
		{ "    deploy: {placement: {constraints: [node.hostname]}}\n",
		  "s.yaml:4:40: error: services.web.deploy.placement.constraints[0] expects NAME == "
		  "VALUE or NAME != VALUE, not 'node.hostname'" },
		{ "    deploy: {placement: {constraints: [node.hostname==]}}\n",
		  "s.yaml:4:40: error: services.web.deploy.placement.constraints[0] compares with "
		  "nothing" },
		{ "    deploy: {placement: {preferences: [{spread: node.id}]}}\n",
		  "s.yaml:4:49: error: services.web.deploy.placement.preferences[0].spread 'node.id' "
		  "is not supported yet (node.hostname and node.labels.NAME are)" },
		{ "    deploy: {restart_policy: {condition: maybe}}\n",
		  "s.yaml:4:42: error: services.web.deploy.restart_policy.condition is 'maybe', not "
		  "one of: none, on-failure, any, no, always, unless-stopped" },
		{ "    deploy: {restart_policy: {max_attempts: 3}}\n",
		  "s.yaml:4:30: error: services.web.deploy.restart_policy has 'max_attempts' without "
		  "'condition: on-failure', which is not supported yet" },
		{ "    container_name: a\n    deploy: {replicas: 2}\n",
		  "s.yaml:2:3: error: services.web.container_name is one name for 2 replicas" },
		{ "    container_name: a\n  other: {image: x, container_name: a}\n",
		  "s.yaml:5:3: error: services.other.container_name is 'a', which 'web' has too" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_dependencies_print_the_path_of_a_circle)
{
	static const struct refusal cases[] = {
		{ "    depends_on: [db]\n",
		  "s.yaml:4:18: error: services.web.depends_on[0] depends on 'db', which is not a "
		  "service of this file" },
		{ "    depends_on: {db: {condition: service_healthy}}\n",
		  "s.yaml:4:22: error: services.web.depends_on.db depends on 'db', which is not a "
		  "service of this file" },
		{ "    depends_on: [web]\n",
		  "s.yaml:4:18: error: services.web.depends_on closes a circle: web -> web" },
		{ "    depends_on: [a]\n  a: {image: x, depends_on: [b]}\n  b: {image: x, "
		  "depends_on: [web]}\n",
		  "s.yaml:6:30: error: services.b.depends_on closes a circle: web -> a -> b -> web" },
		{ "    depends_on: [a]\n  a: {image: x, depends_on: [b]}\n  b: {image: x, "
		  "depends_on: [a]}\n",
		  "s.yaml:6:30: error: services.b.depends_on closes a circle: a -> b -> a" },
		{ "    depends_on: {a: {}}\n  a: {image: x}\n",
		  "s.yaml:4:21: error: services.web.depends_on.a has no 'condition'" },
		{ "    depends_on: {a: {condition: soon}}\n  a: {image: x}\n",
		  "s.yaml:4:33: error: services.web.depends_on.a.condition is 'soon', not one of: "
		  "service_started, service_healthy, service_completed_successfully" },
		{ "    depends_on: [a, a]\n  a: {image: x}\n",
		  "s.yaml:4:21: error: services.web.depends_on[1] names 'a' a second time" },
		{ "    depends_on: {a: {condition: service_completed_successfully}}\n  a: {image: x, "
		  "restart: always}\n",
		  "s.yaml:4:21: error: services.web.depends_on waits for 'a' to complete, which is "
		  "always restarted" },
	};

	refuse_all(cases, SP_COUNT(cases));
}

Test(refusals, of_secrets_and_configs)
{
	static const struct refusal cases[] = {
		{ "    secrets: [key]\n",
		  "s.yaml:4:15: error: services.web.secrets[0] names 'key', which the top-level "
		  "'secrets' does not have" },
		{ "    configs: [{target: /x}]\n",
		  "s.yaml:4:15: error: services.web.configs[0] has no 'source'" },
		{ "configs: {c: {file: none.txt}}\n",
		  "s.yaml:4:14: error: configs.c cannot be read: 'none.txt' is not there" },
		{ "configs: {c: {}}\n",
		  "s.yaml:4:14: error: configs.c needs 'file', 'environment' or 'content'" },
		{ "secrets: {c: {environment: NONE}}\n",
		  "s.yaml:4:14: error: secrets.c needs the variable 'NONE'" },
		{ "secrets: {c: {external: true}}\n",
		  "s.yaml:4:15: error: secrets.c.external is not supported yet" },
		{ "secrets: {c: {content: x}}\n",
		  "s.yaml:4:15: error: secrets.c.content is not a key of secrets.NAME" },
		{ "    configs: [c, {source: c, target: c}]\nconfigs: {c: {content: x}}\n",
		  "s.yaml:4:18: error: services.web mounts two things at '/c'" },
		{ "    configs: [{source: c, target: /a/../b}]\nconfigs: {c: {content: x}}\n",
		  "s.yaml:4:15: error: services.web.configs[0] has '..' in the path '/a/../b'" },
		{ "    configs: [{source: c, uid: 65536}]\nconfigs: {c: {content: x}}\n",
		  "s.yaml:4:32: error: services.web.configs[0].uid is '65536', outside of 0..65535" },
	};

	refuse_all(cases, SP_COUNT(cases));
}
