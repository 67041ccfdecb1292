/* Specs: everything goes there and back, equal specs have equal digests, nothing malformed passes.
 */
#include "wire/workload.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LEAST                                                                            \
	"{\"id\":\"demo-api-1\",\"stack\":\"demo\",\"service\":\"api\",\"replica\":1,"   \
	"\"image\":\"api:1\",\"image_digest\":\"" DIGEST "\",\"address\":\"10.90.1.2\"," \
	"\"restart\":\"always\"}"

static const char whole[] =
	"{\"id\":\"demo-api-1\",\"stack\":\"demo\",\"service\":\"api\",\"replica\":1,"
	"\"image\":\"api:1\",\"image_digest\":\"" DIGEST "\","
	"\"entrypoint\":[\"/bin/api\"],\"command\":[\"-v\",\"\"],\"program_hidden\":true,\"environment\":[\"A=1\",\"B=\"],"
	"\"user\":\"1000:1000\",\"working_dir\":\"/\",\"hostname\":\"api-1\","
	"\"labels\":{\"z\":\"1\",\"a\":\"2\"},"
	"\"mounts\":[{\"type\":\"volume\",\"source\":\"demo_data\",\"target\":\"/data\"},"
	"{\"type\":\"bind\",\"source\":\"/srv/x\",\"target\":\"/x\",\"read_only\":true,"
	"\"create_host_path\":true},"
	"{\"type\":\"tmpfs\",\"target\":\"/tmp\",\"size_bytes\":65536,\"mode\":448}],"
	"\"files\":[{\"target\":\"/run/secrets/p\",\"content\":\"aHVudGVyMg==\",\"mode\":256,"
	"\"uid\":1000,\"gid\":1000,\"secret\":true}],"
	"\"ports\":[{\"host_port\":8080,\"container_port\":80},"
	"{\"host_address\":\"192.168.56.11\",\"host_port\":53,\"container_port\":53,"
	"\"protocol\":\"udp\"}],"
	"\"address\":\"10.90.1.2\",\"hosts\":[{\"name\":\"db\",\"address\":\"10.90.2.2\"}],"
	"\"cap_add\":[\"NET_ADMIN\"],\"cap_drop\":[\"ALL\"],\"read_only\":true,\"state_socket\":true,"
	"\"limits\":{\"memory_max_bytes\":1048576,\"cpu_max_milli\":1500,\"pids_max\":-1},"
	"\"ulimits\":[{\"name\":\"nofile\",\"soft\":1024,\"hard\":-1}],"
	"\"sysctls\":{\"net.core.somaxconn\":\"1024\"},"
	"\"stop_signal\":\"SIGINT\",\"stop_grace_ns\":3000000000,"
	"\"restart\":\"on-failure\",\"restart_attempts\":3,"
	"\"startup\":{\"type\":\"exec\",\"command\":[\"/bin/true\"],\"interval_ns\":1000000000},"
	"\"liveness\":{\"type\":\"http\",\"port\":80,\"path\":\"/health\",\"host\":\"x.y\","
	"\"status_min\":200,\"status_max\":299,\"delay_ns\":5,\"interval_ns\":2000000000,"
	"\"timeout_ns\":1000000000,\"rise\":2,\"fall\":4,\"jitter_percent\":10},"
	"\"readiness\":{\"type\":\"postgres\",\"port\":5432,\"user\":\"u\",\"database\":\"d\"}}";

static struct wire_workload *decode(const char *text)
{
	struct wire_workload *w = NULL;
	struct sp_err err = { 0 };
	autojson json_t *json = NULL;

	cr_assert_eq(sp_json_parse(text, strlen(text), &json, &err), 0, "%s", err.message);
	cr_assert_eq(wire_workload_decode(json, &w, &err), 0, "%s", err.message);
	return w;
}

static json_t *least_with(const char *key, json_t *value)
{
	json_t *json = NULL;

	cr_assert_eq(sp_json_parse(LEAST, strlen(LEAST), &json, NULL), 0);
	json_object_set_new(json, key, value);
	return json;
}

Test(workload, every_member_is_read)
{
	struct wire_workload *w = decode(whole);

	cr_expect_str_eq(w->id, "demo-api-1");
	cr_expect_str_eq(w->command[1], "");
	cr_expect_eq(w->n_mounts, 3);
	cr_expect_eq(w->mounts[1].type, WIRE_MOUNT_BIND);
	cr_expect(w->mounts[1].create_host_path && w->mounts[1].read_only);
	cr_expect_eq(w->mounts[2].mode, 0700);
	cr_expect_eq(w->files[0].len, 7);
	cr_expect_str_eq(w->files[0].content, "hunter2");
	cr_expect(w->ports[1].udp && !w->ports[0].udp);
	cr_expect_eq(w->limits.pids_max, -1);
	cr_expect_eq(w->ulimits[0].hard, -1);
	cr_expect_eq(w->restart, WIRE_RESTART_ON_FAILURE);
	cr_expect_eq(w->startup.type, WIRE_PROBE_EXEC);
	cr_expect_eq(w->startup.timeout_ns, 1000000000, "no longer than the interval");
	cr_expect_eq(w->liveness.fall, 4);
	cr_expect_str_eq(w->readiness.database, "d");
	wire_workload_free(w);
}

Test(workload, what_is_encoded_decodes_to_the_same_document)
{
	struct wire_workload *w = decode(whole), *again;
	autojson json_t *first = NULL, *second = NULL;

	cr_assert_eq(wire_workload_encode(w, &first, NULL), 0);
	cr_assert_eq(wire_workload_decode(first, &again, NULL), 0);
	cr_assert_eq(wire_workload_encode(again, &second, NULL), 0);
	cr_expect(json_equal(first, second));
	wire_workload_free(w);
	wire_workload_free(again);
}

Test(workload, defaults_said_aloud_and_the_order_of_members_do_not_change_the_digest)
{
	struct wire_workload *plain = decode(LEAST), *said;
	char a[SP_DIGEST_MAX], b[SP_DIGEST_MAX];
	autojson json_t *json = json_pack(
		"{s:b, s:I, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:n, s:[]}", "read_only", 0,
		"stop_grace_ns", (json_int_t)WIRE_STOP_GRACE_NS, "restart", "always", "address",
		"10.90.1.2", "service", "api", "stack", "demo", "replica", 1, "image_digest",
		DIGEST, "image", "api:1", "id", "demo-api-1", "user", "mounts");

	cr_assert_eq(wire_workload_decode(json, &said, NULL), 0);
	cr_assert_eq(wire_workload_digest(plain, a, NULL), 0);
	cr_assert_eq(wire_workload_digest(said, b, NULL), 0);
	cr_expect_str_eq(a, b);
	wire_workload_free(plain);
	wire_workload_free(said);
}

Test(workload, hosts_are_no_part_of_the_digest_and_all_else_is)
{
	static const struct {
		const char *key, *value;
		bool same;
	} rows[] = { { "hosts", "[{\"name\":\"db\",\"address\":\"10.90.2.2\"}]", true },
		     { "address", "\"10.90.1.3\"", false },
		     { "command", "[\"x\"]", false },
		     { "command", "[]", false },
		     { "labels", "{\"a\":\"b\"}", false },
		     { "restart", "\"no\"", false },
		     { "liveness", "{\"type\":\"tcp\",\"port\":1}", false } };
	struct wire_workload *plain = decode(LEAST);
	char a[SP_DIGEST_MAX], b[SP_DIGEST_MAX];

	cr_assert_eq(wire_workload_digest(plain, a, NULL), 0);
	for (size_t i = 0; i < SP_COUNT(rows); i++) {
		autojson json_t *json =
			least_with(rows[i].key, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		struct wire_workload *w = NULL;

		cr_assert_eq(wire_workload_decode(json, &w, NULL), 0, "%s", rows[i].key);
		cr_assert_eq(wire_workload_digest(w, b, NULL), 0);
		cr_expect_eq(!strcmp(a, b), rows[i].same, "%s", rows[i].key);
		wire_workload_free(w);
	}
	wire_workload_free(plain);
}

struct refusal {
	const char *key, *value, *address;
};

static void refuse_all(const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autojson json_t *json =
			least_with(rows[i].key, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		struct wire_workload *w = NULL;
		struct sp_err err = { 0 };

		cr_expect_lt(wire_workload_decode(json, &w, &err), 0, "%s: %s", rows[i].key,
			     rows[i].value);
		cr_expect_eq(err.code, SP_E_INVALID);
		cr_expect(!strncmp(err.message, rows[i].address, strlen(rows[i].address)),
			  "%s: %s: %s", rows[i].key, rows[i].value, err.message);
		cr_expect_null(w);
	}
}

Test(workload, a_malformed_member_is_refused_with_its_address)
{
	static const struct refusal rows[] = {
		{ "colour", "1", "workload.colour" },
		{ "id", "\"../x\"", "workload.id" },
		{ "id", "\"demo-db-1\"", "workload.id" },
		{ "id", "\"demo-api\"", "workload.id" },
		{ "stack", "\"\"", "workload.stack" },
		{ "replica", "0", "workload.replica" },
		{ "replica", "\"1\"", "workload.replica" },
		{ "image_digest", "\"sha256:12\"", "workload.image_digest" },
		{ "environment", "[\"=x\"]", "workload.environment" },
		{ "environment", "[\"x\"]", "workload.environment" },
		{ "environment", "\"A=1\"", "workload.environment" },
		{ "working_dir", "\"/a/../b\"", "workload.working_dir" },
		{ "hostname", "\"a b\"", "workload.hostname" },
		{ "stop_signal", "\"SIGFOO\"", "workload.stop_signal" },
		{ "restart", "\"sometimes\"", "workload.restart" },
		{ "restart", "null", "workload.restart" },
		{ "address", "\"10.90.1\"", "workload.address" },
		{ "address", "null", "workload.address" },
		{ "network_none", "true", "workload.network_none" },
		{ "cap_add", "[\"net_admin\"]", "workload.cap_add" },
		{ "sysctls", "{\"../kernel\":\"1\"}", "workload.sysctls" },
		{ "sysctls", "{\"a\":1}", "workload.sysctls" },
		{ "limits", "{\"memory\":1}", "workload.limits.memory" },
		{ "limits", "{\"memory_max_bytes\":-1}", "workload.limits.memory_max_bytes" },
		{ "ulimits", "[{\"name\":\"files\",\"soft\":1}]", "workload.ulimits[0].name" },
		{ "ulimits", "[{\"name\":\"core\",\"soft\":2,\"hard\":1}]",
		  "workload.ulimits[0].soft" },
	};

	refuse_all(rows, SP_COUNT(rows));
}

Test(workload, a_malformed_mount_or_file_is_refused_with_its_address)
{
	static const struct refusal rows[] = {
		{ "mounts", "[{\"type\":\"nfs\",\"target\":\"/x\"}]", "workload.mounts[0].type" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"x\"}]",
		  "workload.mounts[0].target" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"/a/../../etc\"}]",
		  "workload.mounts[0].target" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"/proc\"}]",
		  "workload.mounts[0].target" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"//sys//fs\"}]",
		  "workload.mounts[0].target" },
		{ "files", "[{\"target\":\"/dev/x\",\"content\":\"\"}]",
		  "workload.files[0].target" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"//\"}]",
		  "workload.mounts[0].target" },
		{ "mounts", "[{\"type\":\"volume\",\"target\":\"/x\",\"source\":\"../y\"}]",
		  "workload.mounts[0].source" },
		{ "mounts", "[{\"type\":\"tmpfs\",\"target\":\"/x\",\"source\":\"y\"}]",
		  "workload.mounts[0].source" },
		{ "mounts",
		  "[{\"type\":\"tmpfs\",\"target\":\"/x\"},{\"type\":\"tmpfs\",\"target\":\"/x\"}]",
		  "workload.mounts" },
		{ "mounts", "[1]", "workload.mounts[0]" },
		{ "files", "[{\"target\":\"/x\",\"content\":\"!\"}]", "workload.files[0].content" },
		{ "files", "[{\"target\":\"/x\"}]", "workload.files[0].content" },
	};

	refuse_all(rows, SP_COUNT(rows));
}

Test(workload, a_malformed_port_or_host_is_refused_with_its_address)
{
	static const struct refusal rows[] = {
		{ "ports", "[{\"host_port\":0,\"container_port\":1}]",
		  "workload.ports[0].host_port" },
		{ "ports", "[{\"host_port\":65536,\"container_port\":1}]",
		  "workload.ports[0].host_port" },
		{ "ports",
		  "[{\"host_port\":1,\"container_port\":1},"
		  "{\"host_port\":1,\"container_port\":2,\"host_address\":\"1.2.3.4\"}]",
		  "workload.ports" },
		{ "hosts", "[{\"name\":\"a\\nb\",\"address\":\"1.2.3.4\"}]",
		  "workload.hosts[0].name" },
		{ "hosts", "[{\"name\":\"a\",\"address\":\"b\"}]", "workload.hosts[0].address" },
	};

	refuse_all(rows, SP_COUNT(rows));
}

Test(workload, a_malformed_probe_is_refused_with_its_address)
{
	static const struct refusal rows[] = {
		{ "startup", "{\"type\":\"exec\"}", "workload.startup.command" },
		{ "liveness", "{\"type\":\"http\",\"port\":80,\"path\":\"/a b\"}",
		  "workload.liveness.path" },
		{ "liveness", "{\"type\":\"http\",\"port\":80,\"path\":\"/\\r\\nX: y\"}",
		  "workload.liveness.path" },
		{ "liveness", "{\"type\":\"tcp\"}", "workload.liveness.port" },
		{ "readiness",
		  "{\"type\":\"tcp\",\"port\":1,\"interval_ns\":1000000000,"
		  "\"timeout_ns\":0}",
		  "workload.readiness.timeout_ns" },
		{ "readiness", "{\"type\":\"tcp\",\"port\":1,\"fall\":0}",
		  "workload.readiness.fall" },
		{ "readiness", "{\"type\":\"tcp\",\"port\":1,\"path\":\"/\"}",
		  "workload.readiness.path" },
	};

	refuse_all(rows, SP_COUNT(rows));
}

Test(workload, lists_and_files_have_their_limits)
{
	json_t *list = json_array();
	autojson json_t *json = NULL;
	struct wire_workload *w = NULL;
	struct sp_err err = { 0 };

	for (int i = 0; i <= WIRE_LIST_MAX; i++)
		json_array_append_new(list, json_string("A=1"));
	json = least_with("environment", list);
	cr_expect_lt(wire_workload_decode(json, &w, &err), 0);
	cr_expect(strstr(err.message, "at most 256"), "%s", err.message);
}

Test(workload, a_document_that_is_no_object_is_refused)
{
	autojson json_t *json = json_loads("[1]", 0, NULL);
	struct wire_workload *w = NULL;

	cr_expect_lt(wire_workload_decode(json, &w, NULL), 0);
}
