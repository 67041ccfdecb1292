/* Drift as a comparison: one change of what a node saw, one finding; and none where nothing is
 * ours. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "control/drift/drift.h"
#include "wire/hosts.h"
#include "wire/workload.h"

static const char spec_text[] =
	"{\"id\": \"shop-web-1\", \"stack\": \"shop\", \"service\": \"web\", \"replica\": 1,"
	" \"image\": \"web:1\", \"image_digest\":"
	" \"sha256:1111111111111111111111111111111111111111111111111111111111111111\","
	" \"restart\": \"always\", \"command\": [\"serve\"], \"environment\": [\"A=b\", \"URL=http://db\"], \"hostname\": \"web\","
	" \"mounts\": [{\"type\": \"volume\", \"source\": \"shop.data\", \"target\": \"/data\"},"
	" {\"type\": \"tmpfs\", \"target\": \"/tmp\"}],"
	" \"ports\": [{\"host_port\": 8080, \"container_port\": 80}], \"address\": \"10.90.1.2\","
	" \"hosts\": [{\"name\": \"db\", \"address\": \"10.90.2.2\"}],"
	" \"sysctls\": {\"net.core.somaxconn\": \"64\"}}";

static const char seen_text[] =
	"{\"node\": \"n1\", \"network\": {\"peers_digest\": \"p\", \"bridge\": {\"name\": \"sp0\","
	" \"up\": true, \"addresses\": [\"10.90.1.1/24\"]}, \"forwarding\": true, \"routes\":"
	" [{\"to\": \"10.90.2.0/24\", \"via\": \"192.168.56.12\"}], \"rules_missing\": [],"
	" \"rules_extra\": []}, \"workloads\": [{\"id\": \"shop-web-1\", \"state\": \"running\","
	" \"reason\": \"pid 7\", \"held\": false, \"image_digest\":"
	" \"sha256:1111111111111111111111111111111111111111111111111111111111111111\","
	" \"made_of_spec\": true, \"container\": {\"init\": {\"pid\": 7, \"executable\":"
	" \"/memfd:spinit (deleted)\"}, \"process\": {\"pid\": 8, \"state\": \"S\", \"in_cgroup\": true,"
	" \"as_started\": true, \"environment\": {\"PATH\": \"x\", \"A\":"
	" \"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d\", \"URL\":"
	" \"bd9b9562d1cfd46c9b0fc0e3b2bf5e7ef0cd3c1c5d7f2f4cb4d8f8e3c0a1b2c3\"}}, \"strangers\": 0,"
	" \"uids\": [100000, 65536], \"security\": {\"own_namespaces\": true, \"seccomp\": 2,"
	" \"no_new_privs\": true, \"capabilities\": \"0x1\", \"capability_bounds\": \"0x3\"},"
	" \"mounts\": {\"layers\": 1, \"list\": ["
	"{\"target\": \"/\", \"type\": \"overlay\", \"read_only\": false, \"root\": \"/\", \"source\": null},"
	"{\"target\": \"/data\", \"type\": \"ext4\", \"read_only\": false, \"root\": \"/v\", \"source\":"
	" \"shop.data\"},"
	"{\"target\": \"/etc/hosts\", \"type\": \"ext4\", \"read_only\": true, \"root\": \"/h\", \"source\":"
	" \"names\"},"
	"{\"target\": \"/etc/hostname\", \"type\": \"ext4\", \"read_only\": true, \"root\": \"/h\","
	" \"source\": \"names\"},"
	"{\"target\": \"/etc/resolv.conf\", \"type\": \"ext4\", \"read_only\": true, \"root\": \"/h\","
	" \"source\": \"names\"},"
	"{\"target\": \"/tmp\", \"type\": \"tmpfs\", \"read_only\": false, \"root\": \"/\", \"source\":"
	" null}]}, \"cgroup\": {\"memory.max\": \"4096\", \"cgroup.freeze\": \"0\"}, \"rlimits\":"
	" {\"nofile\": [512, 512]}, \"sysctls\": {\"net.core.somaxconn\": \"64\"}}, \"link\": {\"name\":"
	" \"spv\", \"up\": true, \"on_bridge\": true}, \"inside\": {\"present\": true, \"up\": true,"
	" \"addresses\": [\"10.90.1.2/24\"], \"gateway\": \"10.90.1.1\"}, \"hosts\": \"\", \"granted\": {\"uids\": [100000,"
	" 65536], \"cgroup\": {\"memory.max\": \"4096\", \"cgroup.freeze\": \"0\"}, \"rlimits\":"
	" {\"nofile\": [512, 512]}, \"capabilities\": \"0x3\", \"layers\": 1}}], \"extra\": []}";

static struct store_node rows[2];
static struct store_workload workload;
static struct store_workloads workloads = { .list = &workload, .n = 1 };
static struct wire_workload *specs[1];
static char *stacks[] = { (char[]){ "shop" }, (char[]){ "shop-b" }, NULL };
static struct drift_node nodes[2];
static struct drift_input in;
static json_t *seen;

/* "workloads.0.container.process": arrays by number. */
static json_t *at(json_t *value, const char *path, size_t len)
{
	while (len && value) {
		const char *dot = memchr(path, '.', len);
		size_t n = dot ? (size_t)(dot - path) : len;

		value = json_is_array(value) ? json_array_get(value, strtoul(path, NULL, 10))
					     : json_object_getn(value, path, n);
		path += n + (dot != NULL);
		len -= n + (dot != NULL);
	}
	return value;
}

/* slash parts the member from its place: "workloads.0/state". */
static void change(const char *path, const char *value)
{
	const char *key = strrchr(path, '/') + 1;
	json_t *place = at(seen, path, (size_t)(key - 1 - path));
	json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);

	cr_assert_not_null(place, "%s", path);
	cr_assert_not_null(new, "%s", value);
	if (json_is_array(place) && !strcmp(key, "+"))
		json_array_append_new(place, new);
	else if (json_is_array(place))
		json_array_set_new(place, strtoul(key, NULL, 10), new);
	else
		json_object_set_new(place, key, new);
}

static void set_digests(void)
{
	char *hosts[] = { (char[]){ "192.168.56.12 n2" }, (char[]){ "10.90.1.2 web" },
			  (char[]){ "10.90.2.2 db" },     (char[]){ "192.168.56.11 n1" },
			  (char[]){ "10.90.1.2 web" },    NULL };
	autojson json_t *json = json_loads(spec_text, 0, NULL);
	struct sp_err err = { 0 };
	char digest[SP_DIGEST_MAX], url[SP_DIGEST_MAX], text[SP_DIGEST_MAX + 2];

	cr_assert_eq(wire_workload_decode(json, &specs[0], &err), 0, "%s", err.message);
	cr_assert_eq(wire_workload_digest(specs[0], digest, &err), 0);
	snprintf(text, sizeof(text), "\"%s\"", digest);
	change("workloads.0/spec_digest", text);
	cr_assert_eq(wire_hosts_digest(hosts, digest, NULL), 0);
	snprintf(text, sizeof(text), "\"%s\"", digest);
	change("workloads.0/hosts", text);
	cr_assert_eq(sp_digest_of("http://db", strlen("http://db"), url, NULL), 0);
	snprintf(text, sizeof(text), "\"%s\"", sp_digest_hex(url));
	change("workloads.0.container.process.environment/URL", text);
}

static void set_up(void)
{
	rows[0] = (struct store_node){ .name = "n1", .address = "192.168.56.11", .subnet = 1 };
	rows[1] = (struct store_node){ .name = "n2", .address = "192.168.56.12", .subnet = 2 };
	workload = (struct store_workload){ .id = "shop-web-1",
					    .revision = 1,
					    .stack = "shop",
					    .service = "web",
					    .node = "n1",
					    .spec = spec_text };
	seen = json_loads(seen_text, 0, NULL);
	cr_assert_not_null(seen);
	set_digests();
	nodes[0] = (struct drift_node){ &rows[0], "p", seen };
	nodes[1] = (struct drift_node){ &rows[1], "p", NULL };
	in = (struct drift_input){ .stack = "shop",
				   .workloads = &workloads,
				   .specs = specs,
				   .nodes = nodes,
				   .n_nodes = 2,
				   .stacks = stacks };
}

static void tear_down(void)
{
	json_decref(seen);
	wire_workload_free(specs[0]);
}

TestSuite(drift, .init = set_up, .fini = tear_down);

static struct drift_findings look(void)
{
	struct drift_findings found = { 0 };
	struct sp_err err = { 0 };

	cr_assert_eq(drift_compare(&in, &found, &err), 0, "%s", err.message);
	return found;
}

static void expect_one(const char *what, const char *resource, const char *field)
{
	autodrift struct drift_findings f = look();

	cr_expect_eq(f.n, 1, "%s: %zu findings", what, f.n);
	for (size_t i = 0; i < f.n; i++) {
		cr_expect_str_eq(f.list[i].resource, resource, "%s: %s", what, f.list[i].resource);
		cr_expect_str_eq(f.list[i].field, field, "%s: %s", what, f.list[i].field);
		cr_expect_str_neq(f.list[i].expected, f.list[i].actual, "%s", what);
	}
}

Test(drift, what_is_as_deployed_has_none)
{
	autodrift struct drift_findings f = look();

	cr_expect_eq(f.n, 0, "%s %s", f.n ? f.list[0].resource : "", f.n ? f.list[0].field : "");
}

static const struct {
	const char *path, *value, *resource, *field;
} changes[] = {
	{ "/workloads", "[]", "shop-web-1", "workload" },
	{ "workloads.0/held", "true", "shop-web-1", "state" },
	{ "workloads.0/state", "\"failed\"", "shop-web-1", "state" },
	{ "workloads.0/state", "\"backoff\"", "shop-web-1", "state" },
	{ "workloads.0/spec_digest", "\"sha256:2\"", "shop-web-1", "spec" },
	{ "workloads.0/container", "null", "shop-web-1", "process" },
	{ "workloads.0.container/process", "null", "shop-web-1", "process" },
	{ "workloads.0.container.process/state", "\"T\"", "shop-web-1", "process.state" },
	{ "workloads.0.container.process/in_cgroup", "false", "shop-web-1", "process.cgroup" },
	{ "workloads.0.container.init/executable", "\"/bin/sh\"", "shop-web-1", "init" },
	{ "workloads.0.container/strangers", "2", "shop-web-1", "cgroup.procs" },
	{ "workloads.0.container.process.environment/A", "\"0\"", "shop-web-1", "environment.A" },
	{ "workloads.0.container.security/seccomp", "0", "shop-web-1", "security.seccomp" },
	{ "workloads.0.container.security/no_new_privs", "false", "shop-web-1",
	  "security.no_new_privs" },
	{ "workloads.0.container.security/own_namespaces", "false", "shop-web-1",
	  "security.namespaces" },
	{ "workloads.0.container.security/capability_bounds", "\"0x7\"", "shop-web-1",
	  "security.capabilities" },
	{ "workloads.0.container/uids", "[0, 65536]", "shop-web-1", "security.uids" },
	{ "workloads.0.container.mounts/layers", "2", "shop-web-1", "image.layers" },
	{ "workloads.0.container.mounts.list.1/source", "null", "shop-web-1",
	  "mounts./data.source" },
	{ "workloads.0.container.mounts.list.1/read_only", "true", "shop-web-1",
	  "mounts./data.mode" },
	{ "workloads.0.container.mounts.list.5/type", "\"ext4\"", "shop-web-1",
	  "mounts./tmp.type" },
	{ "workloads.0.container.mounts.list/+",
	  "{\"target\": \"/bin\", \"type\": \"tmpfs\", \"read_only\": false, \"root\": \"/\"}",
	  "shop-web-1", "mounts./bin" },
	{ "workloads.0.container.mounts.list/+",
	  "{\"target\": \"/data\", \"type\": \"tmpfs\", \"read_only\": false, \"root\": \"/\"}",
	  "shop-web-1", "mounts./data" },
	{ "workloads.0.container.cgroup/memory.max", "\"max\"", "shop-web-1", "limits.memory.max" },
	{ "workloads.0.container.rlimits/nofile", "[512, 1024]", "shop-web-1", "rlimits.nofile" },
	{ "workloads.0.container.sysctls/net.core.somaxconn", "\"128\"", "shop-web-1",
	  "sysctls.net.core.somaxconn" },
	{ "workloads.0/link", "null", "shop-web-1", "link" },
	{ "workloads.0.link/up", "false", "shop-web-1", "link.state" },
	{ "workloads.0.link/on_bridge", "false", "shop-web-1", "link.bridge" },
	{ "workloads.0.inside/present", "false", "shop-web-1", "eth0" },
	{ "workloads.0.inside/up", "false", "shop-web-1", "eth0.state" },
	{ "workloads.0.inside/addresses", "[]", "shop-web-1", "address" },
	{ "workloads.0.inside.addresses/+", "\"10.9.9.9/24\"", "shop-web-1", "address.extra" },
	{ "workloads.0.inside/gateway", "\"\"", "shop-web-1", "gateway" },
	{ "workloads.0/hosts", "\"sha256:0\"", "shop-web-1", "hosts" },
	{ "network/peers_digest", "\"old\"", "node/n1", "peers" },
	{ "network/bridge", "null", "node/n1", "bridge" },
	{ "network.bridge/up", "false", "node/n1", "bridge.state" },
	{ "network.bridge/addresses", "[]", "node/n1", "bridge.address" },
	{ "network/forwarding", "false", "node/n1", "forwarding" },
	{ "network/routes", "[]", "node/n1", "routes.10.90.2.0/24" },
	{ "network.routes/+", "{\"to\": \"10.90.7.0/24\", \"via\": \"1.1.1.1\"}", "node/n1",
	  "routes.10.90.7.0/24" },
	{ "network.rules_missing/+", "\"chain passing: drop\"", "node/n1",
	  "rules.chain passing: drop" },
	{ "network.rules_extra/+", "\"chain guard: drop\"", "node/n1", "rules.chain guard: drop" },
	{ "network.rules_missing/+",
	  "\"chain published: tcp dport 8080 dnat to 10.90.1.2:80 comment \\\"shop-web-1\\\"\"",
	  "shop-web-1", "ports.tcp dport 8080" },
	{ "extra/+", "{\"kind\": \"cgroup\", \"name\": \"shop-old-1\"}", "shop-old-1", "cgroup" },
	{ "extra/+", "{\"kind\": \"link\", \"name\": \"shop-old-1\"}", "shop-old-1", "link" },
	{ "extra/+", "{\"kind\": \"directory\", \"name\": \"shop-old-1\"}", "shop-old-1",
	  "directory" },
	{ "workloads/+", "{\"id\": \"shop-old-1\", \"state\": \"running\"}", "shop-old-1",
	  "workload" },
};

Test(drift, each_change_on_a_host_is_one_finding_at_its_place)
{
	for (size_t i = 0; i < SP_COUNT(changes); i++) {
		tear_down();
		set_up();
		change(changes[i].path, changes[i].value);
		expect_one(changes[i].value, changes[i].resource, changes[i].field);
	}
}

static const struct {
	const char *path, *value;
} not_ours[] = {
	{ "extra/+", "{\"kind\": \"cgroup\", \"name\": \"shop-b-web-1\"}" },
	{ "extra/+", "{\"kind\": \"cgroup\", \"name\": \"other-web-1\"}" },
	{ "network.rules_missing/+", "\"chain published: tcp dport 1 comment \\\"x-y-1\\\"\"" },
	{ "workloads.0/state", "\"exited\"" },
	{ "workloads.0/state", "\"starting\"" },
	{ "workloads.0.container.security/capability_bounds", "\"0x1\"" },
	{ "workloads.0.container.process.environment/MORE", "\"1\"" },
};

Test(drift, what_is_not_ours_to_say_is_none)
{
	for (size_t i = 0; i < SP_COUNT(not_ours); i++) {
		autodrift struct drift_findings f = { 0 };

		tear_down();
		set_up();
		change(not_ours[i].path, not_ours[i].value);
		if (i ==
		    2) /* another stack's port: told by the node, since it is in no other way */
			continue;
		f = look();
		cr_expect_eq(f.n, 0, "%s: %s", not_ours[i].value, f.n ? f.list[0].field : "");
	}
}

Test(drift, the_environment_of_a_program_that_was_executed_later_is_its_own)
{
	change("workloads.0.container.process/as_started", "false");
	change("workloads.0.container.process.environment/A", "\"0\"");
	autodrift struct drift_findings f = look();

	cr_expect_eq(f.n, 0);
}

Test(drift, a_node_that_does_not_answer_is_unknown)
{
	nodes[0].seen = NULL;
	autodrift struct drift_findings f = look();

	cr_expect_eq(f.n, 0);
}

Test(drift, ignore_rules_match_type_resource_and_field)
{
	static const struct stack_drift_ignore rules[] = {
		{ .type = (char *)(uintptr_t) "resource", .field = (char *)(uintptr_t) "limits.*" },
	};

	change("workloads.0.container.cgroup/memory.max", "\"max\"");
	in.ignore = rules;
	in.n_ignore = 1;
	autodrift struct drift_findings f = look();

	cr_expect_eq(f.n, 0);
	cr_expect_eq(f.ignored, 1);
}

Test(drift, no_value_of_the_environment_is_ever_told)
{
	autofree char *text = NULL;

	change("workloads.0.container.process.environment/URL", "\"0\"");
	autodrift struct drift_findings f = look();
	autojson json_t *json = drift_findings_json(&f, "shop");

	text = sp_json_text(json);
	cr_expect_eq(f.n, 1);
	cr_expect_null(strstr(text, "http://db"), "%s", text);
}

Test(drift, a_finding_is_meant_by_resource_or_by_field)
{
	struct drift_finding f = { .resource = "shop-web-1", .field = "mounts./data" };

	cr_expect(drift_is_meant(&f, NULL));
	cr_expect(drift_is_meant(&f, "shop-web-1"));
	cr_expect(drift_is_meant(&f, "shop-web-1/mounts./data"));
	cr_expect_not(drift_is_meant(&f, "shop-web-1/mounts"));
	cr_expect_not(drift_is_meant(&f, "shop-web"));
	cr_expect_not(drift_is_meant(&f, "shop-web-10"));
}
