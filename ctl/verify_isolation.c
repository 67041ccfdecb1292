/* Are the workloads really apart from the host and from each other? As the kernel says. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "ctl/output.h"
#include "ctl/url.h"
#include "ctl/verify.h"

#define SECCOMP_FILTER 2 /* Seccomp: of /proc/PID/status */

static const char *const namespaces[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };

/* Each namespace is there and not the host's. */
static const char *shared_with_host(const json_t *x)
{
	for (size_t i = 0; i < SP_COUNT(namespaces); i++) {
		const json_t *own =
			json_object_get(json_object_get(x, "namespaces"), namespaces[i]);
		const json_t *host =
			json_object_get(json_object_get(x, "host_namespaces"), namespaces[i]);

		if (!json_is_integer(own) || !json_is_integer(host) ||
		    json_integer_value(own) == json_integer_value(host))
			return namespaces[i];
	}
	return NULL;
}

/* No namespace is one that a workload before it has on the same node; seen: "node inode" -> id. */
static const char *shared_with_other(json_t *seen, const char *node, const char *id,
				     const json_t *x, const char **ret_namespace)
{
	for (size_t i = 0; i < SP_COUNT(namespaces); i++) {
		const json_t *own =
			json_object_get(json_object_get(x, "namespaces"), namespaces[i]);
		char key[128];
		const char *other;

		snprintf(key, sizeof(key), "%s %s %lld", node, namespaces[i],
			 (long long)json_integer_value(own));
		other = json_string_value(json_object_get(seen, key));
		*ret_namespace = namespaces[i];
		if (other)
			return other;
		json_object_set_new(seen, key, json_string(id));
	}
	return NULL;
}

/* What is wrong with the confinement of one process; "" when nothing is. */
static const char *weakness(const json_t *x)
{
	const json_t *uid = json_object_get(x, "host_uid");
	const char *cgroup = ctl_json_text(x, "cgroup");

	if (!*cgroup || !strcmp(cgroup, "/") || !strcmp(cgroup, "0::/"))
		return "it has no cgroup of its own";
	if (json_integer_value(json_object_get(x, "seccomp")) != SECCOMP_FILTER)
		return "no seccomp filter is on";
	if (!json_is_true(json_object_get(x, "no_new_privs")))
		return "no_new_privs is off";
	if (!json_is_integer(uid) || json_integer_value(uid) == 0)
		return "its user is root on the host";
	return "";
}

static void judge(struct verify *v, json_t *seen, const struct verify_subject *s, const json_t *x,
		  int64_t took)
{
	const char *host = shared_with_host(x), *name, *weak = weakness(x), *other = NULL;

	if (!host)
		other = shared_with_other(seen, s->address, s->name, x, &name);
	if (host)
		verify_report_add(&v->report, VERIFY_FAIL, took, s,
				  "its %s namespace is the host's, or unknown", host);
	else if (other)
		verify_report_add(&v->report, VERIFY_FAIL, took, s,
				  "it shares its %s namespace with '%s'", name, other);
	else
		verify_report_add(&v->report, *weak ? VERIFY_FAIL : VERIFY_PASS, took, s, "%s",
				  weak);
}

static void check_workload(struct verify *v, json_t *seen, const json_t *w)
{
	const char *id = ctl_json_text(w, "id");
	const struct verify_node *n = verify_node_named(v, ctl_json_text(w, "node"));
	struct verify_subject s = { .check = "isolation",
				    .name = id,
				    .address = ctl_json_text(w, "node"),
				    .stack = ctl_json_text(w, "stack") };
	autobuf struct sp_buf path = SP_BUF_INIT;
	autojson json_t *x = NULL;
	struct wire_failure fail = { 0 };
	int64_t took;

	if (sp_str_eq(ctl_json_text(w, "state"), "exited"))
		return; /* a job that is over: nothing is left to isolate */
	if (!n || !n->ready) {
		verify_report_add(&v->report, VERIFY_SKIP, 0, &s, "its agent is not ready");
		return;
	}
	if (strcmp(ctl_json_text(w, "state"), "running")) {
		verify_report_add(&v->report, VERIFY_SKIP, 0, &s, "it does not run");
		return;
	}
	sp_buf_puts(&path, "/v1/workloads/");
	ctl_url_put(&path, id);
	sp_buf_puts(&path, "/isolation");
	if (verify_agent_get(v, n, path.data, &x, &took, &fail) < 0)
		verify_report_add(&v->report, VERIFY_FAIL, took, &s, "%s", fail.err.message);
	else
		judge(v, seen, &s, x, took);
}

/* An agent that does not enforce every limit says so. */
static void check_limits(struct verify *v, const struct verify_node *n)
{
	struct verify_subject s = { .check = "limits", .name = n->name, .address = n->address };
	const char *limits = ctl_json_text(n->json, "info.limits");
	autobuf struct sp_buf missing = SP_BUF_INIT;

	ctl_put_value(ctl_json_at(n->json, "info.missing_controllers"), &missing);
	if (!*limits)
		verify_report_add(&v->report, VERIFY_WARN, 0, &s,
				  "it does not say whether limits are enforced");
	else if (!strcmp(limits, "best-effort") && missing.len)
		verify_report_add(&v->report, VERIFY_WARN, 0, &s, "best-effort: without %s",
				  missing.data);
	else
		verify_report_add(&v->report, VERIFY_PASS, 0, &s, "%s", "");
}

void verify_isolation(struct verify *v)
{
	autojson json_t *seen = json_object();
	const json_t *list = json_object_get(v->workloads_json, "workloads");
	struct verify_subject none = { .check = "isolation", .name = "workloads" };
	json_t *w;
	size_t i;

	if (v->silence.err.code)
		verify_report_add(&v->report, VERIFY_SKIP, 0, &none, "controld does not answer");
	else if (!json_array_size(list))
		verify_report_add(&v->report, VERIFY_WARN, 0, &none, "there are no workloads");
	json_array_foreach (list, i, w)
		check_workload(v, seen, w);
	for (i = 0; i < v->n_nodes; i++)
		if (v->nodes[i].ready)
			check_limits(v, &v->nodes[i]);
}
