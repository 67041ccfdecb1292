/* Expansion: every part of a service reaches the spec, and the agents' strict reader takes it. */
#include "stackfile/expand.h"

#include "reading.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char full[] =
	"services:\n"
	"  db: {image: postgres, healthcheck: {test: [CMD, pg_isready, -U, a], interval: 5s}}\n"
	"  web:\n"
	"    image: nginx:1\n"
	"    entrypoint: [/run.sh]\n"
	"    environment: {A: 1}\n"
	"    user: www\n"
	"    working_dir: /\n"
	"    labels: {tier: front}\n"
	"    volumes: [data:/data, /srv:/srv:ro]\n"
	"    tmpfs: /run:size=1m\n"
	"    secrets: [key]\n"
	"    configs: [conf]\n"
	"    ports: [\"127.0.0.1:80:8080/udp\"]\n"
	"    extra_hosts: [a=10.0.0.1]\n"
	"    cap_add: [NET_ADMIN]\n"
	"    cap_drop: [ALL]\n"
	"    read_only: true\n"
	"    mem_limit: 64m\n"
	"    ulimits: {nofile: 9}\n"
	"    sysctls: {net.core.somaxconn: 5}\n"
	"    stop_signal: SIGINT\n"
	"    stop_grace_period: 3s\n"
	"    restart: on-failure:2\n"
	"    depends_on: {db: {condition: service_healthy}}\n"
	"    x-stackpilot:\n"
	"      startup: {tcp: {port: 1}}\n"
	"      liveness: {exec: {command: [a, b]}}\n"
	"      readiness: {http: {port: 80, path: /r}}\n"
	"volumes: {data: {}}\n"
	"secrets: {key: {file: k}}\n"
	"configs: {conf: {content: \"\"}}\n";

static struct wire_workload *expanded(struct reading *r, const char *text, const char *service)
{
	struct wire_workload *w = NULL;

	cr_accepted(r, text);
	cr_assert_eq(stack_expand(r->stack, stack_service_find(r->stack, service), 2, &w, &r->err),
		     0);
	return w;
}

/* The spec through its JSON, with what placement adds. */
static struct wire_workload *through_wire(struct wire_workload *w)
{
	struct wire_workload *back = NULL;
	struct sp_err err = { 0 };
	json_t *json = NULL;

	w->image_digest = strdup(DIGEST);
	if (!w->network_none)
		w->address = strdup("10.90.1.2");
	cr_assert_eq(wire_workload_encode(w, &json, &err), 0, "%s", err.message);
	cr_assert_eq(wire_workload_decode(json, &back, &err), 0, "%s", err.message);
	json_decref(json);
	return back;
}

Test(expand, carries_everything_into_a_spec_the_agents_accept)
{
	static const struct given files[] = { { "k", "secret bytes" }, { NULL, NULL } };
	autoreading struct reading r = { .files = files };
	struct wire_workload *w = expanded(&r, full, "web"), *b = through_wire(w);

	cr_expect_str_eq(b->id, "demo-web-2");
	cr_expect_str_eq(b->stack, "demo");
	cr_expect_str_eq(b->hostname, "web");
	cr_expect_str_eq(b->image, "nginx:1");
	cr_expect_str_eq(b->entrypoint[0], "/run.sh");
	cr_expect_str_eq(b->environment[0], "A=1");
	cr_expect_str_eq(b->working_dir, "/");
	cr_expect_str_eq(b->labels[0].key, "tier");
	cr_assert_eq(b->n_mounts, 3);
	cr_expect_str_eq(b->mounts[0].source, "demo.data");
	cr_expect_str_eq(b->mounts[1].source, "/srv");
	cr_expect(b->mounts[1].read_only);
	cr_expect_eq(b->mounts[2].size_bytes, 1u << 20);
	cr_assert_eq(b->n_files, 2);
	cr_expect_str_eq(b->files[0].content, "secret bytes");
	cr_expect(b->files[0].secret);
	cr_expect_eq(b->files[1].len, 0);
	cr_expect_str_eq(b->ports[0].host_address, "127.0.0.1");
	cr_expect(b->ports[0].udp);
	cr_expect_str_eq(b->hosts[0].name, "a");
	cr_expect_str_eq(b->cap_add[0], "NET_ADMIN");
	cr_expect_str_eq(b->cap_drop[0], "ALL");
	cr_expect(b->read_only);
	cr_expect_eq(b->limits.memory_max_bytes, 64u << 20);
	cr_expect_str_eq(b->ulimits[0].name, "nofile");
	cr_expect_str_eq(b->sysctls[0].key, "net.core.somaxconn");
	cr_expect_str_eq(b->stop_signal, "SIGINT");
	cr_expect_eq(b->restart, WIRE_RESTART_ON_FAILURE);
	cr_expect_eq(b->restart_attempts, 2);
	cr_expect_eq(b->startup.type, WIRE_PROBE_TCP);
	cr_expect_str_eq(b->liveness.command[1], "b");
	cr_expect_str_eq(b->readiness.path, "/r");
	wire_workload_free(w);
	wire_workload_free(b);
}

Test(expand, an_entrypoint_of_ones_own_clears_the_images_command)
{
	autoreading struct reading r = { 0 };
	struct wire_workload *w =
		expanded(&r, "services: {web: {image: x, entrypoint: [/run]}}", "web");

	cr_assert_not_null(w->command);
	cr_expect_null(w->command[0]);
	wire_workload_free(w);
}

Test(expand, leaves_to_the_image_what_the_file_does_not_say)
{
	autoreading struct reading r = { 0 };
	struct wire_workload *w = expanded(&r, "services: {web: {image: x}}", "web"),
			     *b = through_wire(w);

	cr_expect_null(b->entrypoint);
	cr_expect_null(b->command);
	cr_expect_null(b->user);
	cr_expect_null(b->stop_signal);
	cr_expect_eq(b->restart, WIRE_RESTART_NO);
	wire_workload_free(w);
	wire_workload_free(b);
}

Test(expand, no_network_needs_no_address)
{
	autoreading struct reading r = { 0 };
	struct wire_workload *w = expanded(&r, "services: {web: {image: x, network_mode: none}}",
					   "web"),
			     *b = through_wire(w);

	cr_expect(b->network_none);
	cr_expect_null(b->address);
	wire_workload_free(w);
	wire_workload_free(b);
}

Test(expand, a_local_pg_isready_stays_local)
{
	static const struct given files[] = { { "k", "" }, { NULL, NULL } };
	autoreading struct reading r = { .files = files };
	struct wire_workload *w = expanded(&r, full, "db"), *b = through_wire(w);

	cr_expect_eq(b->readiness.type, WIRE_PROBE_POSTGRES);
	cr_expect_str_eq(b->readiness.host, "localhost");
	cr_expect_str_eq(b->readiness.user, "a");
	wire_workload_free(w);
	wire_workload_free(b);
}

Test(expand, says_which_programs_do_not_stand_openly)
{
	static const struct {
		const char *body;
		bool program, readiness;
	} cases[] = {
		{ "command: [\"/bin/${X:-a}\"]", true, false },
		{ "command: \"/bin/${X:-a} b\"", true, false },
		{ "command: [/bin/a, \"${X:-a}\"]", false, false },
		{ "entrypoint: [\"${X:-a}\"], command: [b]", true, false },
		{ "entrypoint: [a], command: [\"${X:-a}\"]", false, false },
		{ "entrypoint: [], command: [\"${X:-a}\"]", true, false },
		{ "healthcheck: {test: [CMD, \"${X:-a}\"]}", false, true },
		{ "healthcheck: {test: [CMD, a, \"${X:-a}\"]}", false, false },
		{ "healthcheck: {test: \"${X:-a}\"}", false, false },
		{ "x-stackpilot: {readiness: {exec: {command: [\"${X:-a}\"]}}}", false, true },
	};

	for (size_t i = 0; i < SP_COUNT(cases); i++) {
		autoreading struct reading r = { 0 };
		struct wire_workload *w;
		char text[256];

		snprintf(text, sizeof(text), "services: {web: {image: i, %s}}", cases[i].body);
		w = through_wire(expanded(&r, text, "web"));
		cr_expect_eq(w->program_hidden, cases[i].program, "%s", text);
		cr_expect_eq(w->readiness.program_hidden, cases[i].readiness, "%s", text);
		wire_workload_free(w);
	}
}
