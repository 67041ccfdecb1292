/* What the keys of a service mean, in their short and long forms. */
#include "reading.h"

#include "base/time.h"

static const struct stack_service *web(const struct reading *r)
{
	return &r->stack->services[0];
}

/* A list of strings joined by '|'; "(null)" for none. */
static const char *joined(char **list)
{
	static char text[1024];
	size_t n = 0;

	snprintf(text, sizeof(text), "(null)");
	for (size_t i = 0; list && (i == 0 || list[i]); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "|" : "",
				      list[i] ? list[i] : "");
	return text;
}

Test(service, has_the_values_compose_gives_what_is_left_out)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "");
	cr_expect_str_eq(r.stack->name, "demo");
	cr_expect_str_eq(web(&r)->name, "web");
	cr_expect_str_eq(web(&r)->image, "nginx");
	cr_expect_eq(web(&r)->at.line, 2);
	cr_expect_null(web(&r)->command);
	cr_expect_null(web(&r)->entrypoint);
	cr_expect_eq(web(&r)->replicas, 1);
	cr_expect_eq(web(&r)->restart, WIRE_RESTART_NO);
	cr_expect_eq(web(&r)->stop_grace_ns, 10 * SP_NS_PER_S);
	cr_expect_eq(web(&r)->readiness.type, WIRE_PROBE_NONE);
	cr_expect_eq(r.report.n, 0);
}

Test(service, commands_are_lists_or_shell_words)
{
	static const struct {
		const char *yaml, *words;
	} cases[] = {
		{ "command: npm run 'my task'", "npm|run|my task" },
		{ "command: [npm, \"run me\", 5]", "npm|run me|5" },
		{ "command:", "(null)" },
		{ "command: null", "(null)" },
		{ "command: []", "" },
		{ "command: ''", "" },
		{ "command: >-\n      sh\n      -c 'a  b'", "sh|-c|a  b" },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		char body[256];

		snprintf(body, sizeof(body), "    %s\n", cases[i].yaml);
		cr_accepted_service(&r, body);
		cr_expect_str_eq(joined(web(&r)->command), cases[i].words, "%s", body);
	}
}

Test(service, environment_is_a_map_or_a_list_and_may_come_from_the_client)
{
	static const struct given variables[] = { { "FROM", "client" }, { NULL, NULL } };
	autoreading struct reading r = { .variables = variables };
	autoreading struct reading list = { .variables = variables };

	cr_accepted_service(&r, "    environment:\n      Z: yes\n      A: \"1\"\n      N: 1.10\n"
				"      FROM:\n      GONE:\n      E: ''\n      V: ${FROM}!\n"
				"      U: ${NONE}\n");
	cr_expect_str_eq(joined(web(&r)->environment),
			 "A=1|E=|FROM=client|N=1.10|U=|V=client!|Z=yes");
	cr_accepted_service(&list, "    environment: [Z=yes, A=1=2, FROM, GONE, \"E=\"]\n");
	cr_expect_str_eq(joined(web(&list)->environment), "A=1=2|E=|FROM=client|Z=yes");
}

Test(service, an_unset_variable_is_warned_about_once)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    environment: [\"A=$NONE\", \"B=$NONE\"]\n");
	cr_expect_eq(r.report.warnings, 1);
	cr_said(&r.report,
		"s.yaml:4:22: warning: services.web.environment[0] uses the variable 'NONE', which "
		"is not set: it becomes nothing",
		"");
}

Test(service, small_keys_are_taken_over)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    user: 1000:1000\n"
				"    working_dir: /app//src/\n"
				"    hostname: web.local\n"
				"    container_name: the_web\n"
				"    read_only: true\n"
				"    init: yes\n"
				"    labels: {a: 1, b: }\n"
				"    stop_signal: term\n"
				"    stop_grace_period: 1m30s\n"
				"    expose: [80, \"90-92/tcp\"]\n"
				"    network_mode: none\n"
				"    x-anything: {at: [all]}\n");
	cr_expect_str_eq(web(&r)->user, "1000:1000");
	cr_expect_str_eq(web(&r)->working_dir, "/app/src");
	cr_expect_str_eq(web(&r)->hostname, "web.local");
	cr_expect_str_eq(web(&r)->container_name, "the_web");
	cr_expect(web(&r)->read_only);
	cr_expect(web(&r)->init);
	cr_assert_eq(web(&r)->n_labels, 2);
	cr_expect_str_eq(web(&r)->labels[0].value, "1");
	cr_expect_str_eq(web(&r)->labels[1].value, "");
	cr_expect_str_eq(web(&r)->stop_signal, "SIGTERM");
	cr_expect_eq(web(&r)->stop_grace_ns, 90 * SP_NS_PER_S);
	cr_assert_eq(web(&r)->n_expose, 4);
	cr_expect_eq(web(&r)->expose[3], 92);
	cr_expect(web(&r)->network_none);
	cr_said(&r.report, "s.yaml:9:11: warning: services.web.init is 'yes': write true", "");
}

Test(service, signals_have_names_and_numbers)
{
	static const char *const cases[][2] = { { "SIGQUIT", "SIGQUIT" },
						{ "int", "SIGINT" },
						{ "9", "SIGKILL" },
						{ "SIGRTMIN+3", "SIGRTMIN+3" } };

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		char body[64];

		snprintf(body, sizeof(body), "    stop_signal: %s\n", cases[i][0]);
		cr_accepted_service(&r, body);
		cr_expect_str_eq(web(&r)->stop_signal, cases[i][1]);
	}
}

Test(service, restart_has_two_places_and_deploy_wins)
{
	static const struct {
		const char *body;
		enum wire_restart restart;
		uint32_t attempts;
	} cases[] = {
		{ "    restart: no\n", WIRE_RESTART_NO, 0 },
		{ "    restart: \"no\"\n", WIRE_RESTART_NO, 0 },
		{ "    restart: always\n", WIRE_RESTART_ALWAYS, 0 },
		{ "    restart: unless-stopped\n", WIRE_RESTART_UNLESS_STOPPED, 0 },
		{ "    restart: on-failure\n", WIRE_RESTART_ON_FAILURE, 0 },
		{ "    restart: on-failure:5\n", WIRE_RESTART_ON_FAILURE, 5 },
		{ "    deploy: {restart_policy: {}}\n", WIRE_RESTART_ALWAYS, 0 },
		{ "    restart: always\n    deploy: {restart_policy: {condition: none}}\n",
		  WIRE_RESTART_NO, 0 },
		{ "    deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}\n",
		  WIRE_RESTART_ON_FAILURE, 3 },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };

		cr_accepted_service(&r, cases[i].body);
		cr_expect_eq(web(&r)->restart, cases[i].restart, "%s", cases[i].body);
		cr_expect_eq(web(&r)->restart_attempts, cases[i].attempts, "%s", cases[i].body);
	}
}

Test(service, mounts_of_every_kind)
{
	static const struct given variables[] = { { "HOME", "/home/ann" }, { NULL, NULL } };
	autoreading struct reading r = { .variables = variables };
	const struct stack_mount *m;

	cr_accepted_service(&r,
			    "    volumes:\n"
			    "      - data:/data\n"
			    "      - ./conf/../x.conf:/etc/x.conf:ro\n"
			    "      - /srv//a/:/a:rw,z\n"
			    "      - ~/b:/b\n"
			    "      - {type: volume, source: data, target: /c, read_only: true}\n"
			    "      - {type: bind, source: ., target: /d, bind: "
			    "{create_host_path: false}}\n"
			    "      - {type: tmpfs, target: /e, tmpfs: {size: 1m, mode: 0755}}\n"
			    "    tmpfs: [/run, \"/tmp:size=64k,mode=1777,nosuid\"]\n"
			    "volumes: {data: }\n");
	cr_assert_eq(web(&r)->n_mounts, 9);
	m = web(&r)->mounts;
	cr_expect_eq(m[0].type, WIRE_MOUNT_VOLUME);
	cr_expect_str_eq(m[0].target, "/data");
	cr_expect_eq(m[1].type, WIRE_MOUNT_BIND);
	cr_expect_str_eq(m[1].source, "/srv/demo/x.conf");
	cr_expect(m[1].read_only && m[1].create_host_path);
	cr_expect_str_eq(m[2].source, "/srv/a");
	cr_expect_not(m[2].read_only);
	cr_expect_str_eq(m[3].source, "/home/ann/b");
	cr_expect(m[4].read_only);
	cr_expect_str_eq(m[5].source, "/srv/demo");
	cr_expect_not(m[5].create_host_path);
	cr_expect_eq(m[6].size_bytes, 1024 * 1024);
	cr_expect_eq(m[6].mode, 0755);
	cr_expect_eq(m[7].type, WIRE_MOUNT_TMPFS);
	cr_expect_str_eq(m[7].target, "/run");
	cr_expect_eq(m[8].size_bytes, 65536);
	cr_expect_eq(m[8].mode, 01777);
	cr_said(&r.report,
		"s.yaml:6:9: note: services.web.volumes[1] is '/srv/demo/x.conf' on the "
		"node",
		"");
}

Test(service, volume_ids_are_unique_in_the_cluster)
{
	autoreading struct reading r = { 0 };

	cr_accepted(&r, "services: {web: {image: x}}\n"
			"volumes: {data: {}, Data: {driver: local}, a_b.c: {external: false}}\n");
	cr_assert_eq(r.stack->n_volumes, 3);
	cr_expect_str_eq(r.stack->volumes[0].id, "demo.data");
	cr_expect(sp_str_starts(r.stack->volumes[1].id, "demo.data-"), "%s",
		  r.stack->volumes[1].id);
	cr_expect_str_eq(r.stack->volumes[2].id, "demo.a_b.c");
	for (size_t i = 0; i < 3; i++)
		cr_expect(sp_id_valid(r.stack->volumes[i].id), "%s", r.stack->volumes[i].id);
}

Test(service, ports_are_spread_out_of_ranges)
{
	autoreading struct reading r = { 0 };
	const struct wire_port *p;

	cr_accepted_service(&r,
			    "    ports:\n"
			    "      - 8080:80\n"
			    "      - \"127.0.0.1:53:53/udp\"\n"
			    "      - 9000-9001:90-91\n"
			    "      - {target: 443, published: \"8443\", protocol: tcp, mode: host, "
			    "host_ip: 0.0.0.0, name: tls, app_protocol: https}\n");
	cr_assert_eq(web(&r)->n_ports, 5);
	p = web(&r)->ports;
	cr_expect(p[0].host_port == 8080 && p[0].container_port == 80 && !p[0].udp);
	cr_expect_null(p[0].host_address);
	cr_expect(p[1].host_port == 53 && p[1].udp);
	cr_expect_str_eq(p[1].host_address, "127.0.0.1");
	cr_expect(p[3].host_port == 9001 && p[3].container_port == 91);
	cr_expect(p[4].host_port == 8443 && p[4].container_port == 443);
	cr_expect_null(p[4].host_address);
}

Test(service, one_port_may_be_published_on_two_addresses_and_protocols)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    ports: [\"127.0.0.1:80:80\", \"127.0.0.2:80:80\", "
				"\"80:80/udp\"]\n");
	cr_expect_eq(web(&r)->n_ports, 3);
}

Test(service, limits_and_privileges)
{
	autoreading struct reading r = { 0 };
	const struct stack_service *s;

	cr_accepted_service(&r,
			    "    mem_limit: 512m\n"
			    "    mem_reservation: 128m\n"
			    "    cpus: 1.25\n"
			    "    pids_limit: -1\n"
			    "    cap_add: [NET_ADMIN, cap_sys_time]\n"
			    "    cap_drop: [all]\n"
			    "    ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 5, core: -1}\n"
			    "    sysctls: {net.core.somaxconn: 1024}\n"
			    "    extra_hosts: [\"a:10.0.0.1\", \"b=[::1]\"]\n");
	s = web(&r);
	cr_expect_eq(s->limits.memory_max_bytes, 512u << 20);
	cr_expect_eq(s->reservation.memory_bytes, 128u << 20);
	cr_expect_eq(s->limits.memory_low_bytes, 128u << 20);
	cr_expect_eq(s->limits.cpu_max_milli, 1250);
	cr_expect_eq(s->limits.pids_max, -1);
	cr_expect_str_eq(joined(s->cap_add), "NET_ADMIN|SYS_TIME");
	cr_expect_str_eq(joined(s->cap_drop), "ALL");
	cr_assert_eq(s->n_ulimits, 3);
	cr_expect(s->ulimits[0].soft == 1024 && s->ulimits[0].hard == 2048);
	cr_expect(s->ulimits[1].soft == 5 && s->ulimits[1].hard == 5);
	cr_expect_eq(s->ulimits[2].soft, -1);
	cr_expect_str_eq(s->sysctls[0].key, "net.core.somaxconn");
	cr_expect_str_eq(s->sysctls[0].value, "1024");
	cr_assert_eq(s->n_extra_hosts, 2);
	cr_expect_str_eq(s->extra_hosts[1].address, "::1");
}

Test(service, deploy_says_how_many_where_and_with_what)
{
	autoreading struct reading r = { 0 };
	const struct stack_service *s;

	cr_accepted_service(&r,
			    "    cpus: 0.5\n"
			    "    deploy:\n"
			    "      mode: replicated\n"
			    "      replicas: 3\n"
			    "      resources:\n"
			    "        limits: {cpus: '0.50', memory: 1g, pids: 9}\n"
			    "        reservations: {cpus: '.25', memory: 64m}\n"
			    "      placement:\n"
			    "        max_replicas_per_node: 2\n"
			    "        constraints: [node.hostname==w1, node.labels.disk != hdd]\n"
			    "        preferences: [{spread: node.labels.zone}, "
			    "{spread: node.hostname}]\n");
	s = web(&r);
	cr_expect_eq(s->replicas, 3);
	cr_expect_eq(s->limits.cpu_max_milli, 500);
	cr_expect_eq(s->limits.memory_max_bytes, 1u << 30);
	cr_expect_eq(s->limits.pids_max, 9);
	cr_expect_eq(s->reservation.cpu_milli, 250);
	cr_expect_eq(s->reservation.memory_bytes, 64u << 20);
	cr_expect_eq(s->max_replicas_per_node, 2);
	cr_assert_eq(s->n_constraints, 2);
	cr_expect_null(s->constraints[0].label);
	cr_expect_str_eq(s->constraints[0].value, "w1");
	cr_expect(s->constraints[0].equal);
	cr_expect_str_eq(s->constraints[1].label, "disk");
	cr_expect_str_eq(s->constraints[1].value, "hdd");
	cr_expect_not(s->constraints[1].equal);
	cr_expect_str_eq(joined(s->spread), "zone|");
}

Test(service, dependencies_give_the_start_order)
{
	autoreading struct reading r = { 0 };
	const struct stack_dependency *d;

	cr_accepted(&r, "services:\n"
			"  web:\n"
			"    image: x\n"
			"    depends_on:\n"
			"      db: {condition: service_healthy, restart: true}\n"
			"      job: {condition: service_completed_successfully, required: false}\n"
			"  job: {image: x, depends_on: [db]}\n"
			"  db: {image: x, healthcheck: {test: [CMD, ok]}}\n");
	cr_assert_eq(web(&r)->n_depends_on, 2);
	d = web(&r)->depends_on;
	cr_expect_eq(d[0].service, 2);
	cr_expect_eq(d[0].condition, STACK_HEALTHY);
	cr_expect(d[0].restart && d[0].required);
	cr_expect_eq(d[1].condition, STACK_COMPLETED);
	cr_expect_not(d[1].required);
	cr_expect_eq(r.stack->start_order[0], 2);
	cr_expect_eq(r.stack->start_order[1], 1);
	cr_expect_eq(r.stack->start_order[2], 0);
	cr_expect_eq(stack_service_find(r.stack, "job"), &r.stack->services[1]);
	cr_expect_null(stack_service_find(r.stack, "none"));
}

Test(service, healthy_without_a_health_check_is_warned_about)
{
	autoreading struct reading r = { 0 };

	cr_accepted_service(&r, "    depends_on: {db: {condition: service_healthy}}\n"
				"  db: {image: x}\n");
	cr_said(&r.report,
		"s.yaml:4:22: warning: services.web.depends_on waits for 'db' to be healthy, which "
		"has no healthcheck: it counts as healthy once it runs",
		"");
}

Test(service, secrets_and_configs_become_files)
{
	static const struct given files[] = { { "./key.pem", "PEM" }, { NULL, NULL } };
	static const struct given variables[] = { { "TOKEN", "t0" }, { NULL, NULL } };
	autoreading struct reading r = { .files = files, .variables = variables };
	const struct stack_grant *g;

	cr_accepted_service(&r,
			    "    secrets:\n"
			    "      - key\n"
			    "      - {source: token, target: tok, uid: \"7\", gid: 8, mode: 0400}\n"
			    "    configs: [conf, {source: conf, target: /etc/app.conf}]\n"
			    "secrets: {key: {file: ./key.pem}, token: {environment: TOKEN}}\n"
			    "configs: {conf: {content: \"a=$TOKEN\"}}\n");
	cr_assert_eq(web(&r)->n_grants, 4);
	g = web(&r)->grants;
	cr_expect_str_eq(g[0].target, "/run/secrets/key");
	cr_expect(g[0].secret && g[0].mode == 0444);
	cr_expect_str_eq(r.stack->secrets[g[0].content].data, "PEM");
	cr_expect_str_eq(g[1].target, "/run/secrets/tok");
	cr_expect(g[1].uid == 7 && g[1].gid == 8 && g[1].mode == 0400);
	cr_expect_str_eq(r.stack->secrets[g[1].content].data, "t0");
	cr_expect_str_eq(g[2].target, "/conf");
	cr_expect_not(g[2].secret);
	cr_expect_str_eq(g[3].target, "/etc/app.conf");
	cr_expect_str_eq(r.stack->configs[0].data, "a=t0");
	cr_expect_eq(r.stack->configs[0].len, 4);
}

Test(service, version_and_the_files_own_name)
{
	struct stack_source source = { .file = "s.yaml",
				       .text = "version: \"3.8\"\nname: mine\n"
					       "services: {web: {image: x}}\n" };
	autoreading struct reading r = { 0 };
	struct stack_resolver resolver = given_resolver(&r);

	source.len = strlen(source.text);
	cr_assert_eq(stack_read(&source, &resolver, &r.stack, &r.report, &r.err), 0);
	cr_expect_str_eq(r.stack->name, "mine");
	cr_said(&r.report, "s.yaml:1:10: note: version is obsolete and has no effect", "");
}

Test(service, a_stack_that_nobody_names_has_the_name_of_its_directory)
{
	static const char *const cases[][2] = {
		{ "/home/ann/shop", "shop" },
		{ "/srv/My Shop_2.0/", NULL },
		{ "/srv/My Shop_2.0", "myshop_20" },
		{ "/srv/--x--", "x" },
		{ "/", NULL },
		{ NULL, NULL },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		struct stack_resolver resolver = given_resolver(&r);
		struct stack_source source = { .file = "s.yaml",
					       .text = "services: {web: {image: x}}",
					       .len = 27,
					       .directory = cases[i][0] };

		r.result = stack_read(&source, &resolver, &r.stack, &r.report, &r.err);
		cr_expect_eq(r.result, cases[i][1] ? 0 : -EINVAL);
		if (cases[i][1] && r.stack)
			cr_expect_str_eq(r.stack->name, cases[i][1]);
	}
}
