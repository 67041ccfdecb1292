/* The processes of a workload, what they were born with, and what bounds them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"

#define SECCOMP_FILTER 2

static void compare_variable(struct drift_scope *s, const char *entry, const json_t *seen)
{
	const char *value = strchr(entry, '=');
	autofree char *field = NULL;
	const char *is;
	char digest[SP_DIGEST_MAX];

	if (!value)
		return;
	is = json_string_value(json_object_getn(seen, entry, (size_t)(value - entry)));
	if (sp_digest_of(value + 1, strlen(value + 1), digest, NULL) < 0 ||
	    sp_str_eq(is, sp_digest_hex(digest)))
		return;
	field = sp_str_format("environment.%.*s", (int)(value - entry), entry);
	if (field)
		drift_add(s, DRIFT_RULE_ENVIRONMENT, field, "as in the spec",
			  is ? "another value" : "missing");
	else
		s->error = -ENOMEM;
}

/* Once it has executed another program, the environment is that program's own business. */
static void compare_environment(struct drift_scope *s, const json_t *process)
{
	const json_t *seen = drift_at(process, "environment");

	if (!json_is_true(drift_at(process, "as_started")) || !json_is_object(seen))
		return;
	for (char *const *e = s->spec->environment; e && *e; e++)
		compare_variable(s, *e, seen);
}

static void compare_process(struct drift_scope *s, const json_t *process)
{
	const char *state = drift_text(process, "state");

	if (!json_is_object(process)) {
		drift_add(s, DRIFT_RULE_PROCESS, "process", "running", "missing");
		return;
	}
	if (*state == 'T' || *state == 't')
		drift_add(s, DRIFT_RULE_PROCESS_STATE, "process.state", "running",
			  *state == 'T' ? "stopped by a signal" : "stopped by a tracer");
	if (!json_is_true(drift_at(process, "in_cgroup")))
		drift_add(s, DRIFT_RULE_PROCESS_CGROUP, "process.cgroup", "the container's own",
			  "another");
	compare_environment(s, process);
}

static uint64_t mask_at(const json_t *value, const char *path)
{
	return strtoull(drift_text(value, path), NULL, 16);
}

/* A process may give up what it was granted, never get more. */
static void compare_security(struct drift_scope *s, const json_t *container, const json_t *granted)
{
	const json_t *is = drift_at(container, "security");
	uint64_t allowed = mask_at(granted, "capabilities");

	if (!json_is_true(drift_at(is, "own_namespaces")))
		drift_add(s, DRIFT_RULE_SECURITY, "security.namespaces", "its own", "the node's");
	if (json_integer_value(drift_at(is, "seccomp")) != SECCOMP_FILTER)
		drift_add(s, DRIFT_RULE_SECURITY, "security.seccomp", "filter", "off");
	if (!json_is_true(drift_at(is, "no_new_privs")))
		drift_add(s, DRIFT_RULE_SECURITY, "security.no_new_privs", "set", "not set");
	if ((mask_at(is, "capabilities") | mask_at(is, "capability_bounds")) & ~allowed)
		drift_add(s, DRIFT_RULE_SECURITY, "security.capabilities",
			  drift_text(granted, "capabilities"), drift_text(is, "capability_bounds"));
	if (!json_equal(drift_at(container, "uids"), drift_at(granted, "uids")))
		drift_add(s, DRIFT_RULE_SECURITY, "security.uids", "the workload's own range",
			  "another");
}

static void compare_init(struct drift_scope *s, const json_t *container)
{
	const char *executable = drift_text(container, "init.executable");

	if (!strstr(executable, "spinit"))
		drift_add(s, DRIFT_RULE_INIT, "init", "spinit", executable);
}

static void compare_strangers(struct drift_scope *s, const json_t *container)
{
	json_int_t n = json_integer_value(drift_at(container, "strangers"));
	char actual[64];

	if (n == 0)
		return;
	snprintf(actual, sizeof(actual), "%lld of others", (long long)n);
	drift_add(s, DRIFT_RULE_STRANGERS, "cgroup.procs", "its own processes", actual);
}

static void compare_sysctls(struct drift_scope *s, const json_t *seen)
{
	for (size_t i = 0; i < s->spec->n_sysctls; i++) {
		const struct wire_pair *p = &s->spec->sysctls[i];
		const char *is = json_string_value(json_object_get(seen, p->key));
		autofree char *field = sp_str_format("sysctls.%s", p->key);

		if (field && is)
			drift_expect(s, DRIFT_RULE_SYSCTL, field, p->value, is);
	}
}

void drift_process(struct drift_scope *s)
{
	const json_t *container = drift_at(s->seen, "container");
	const json_t *granted = drift_at(s->seen, "granted");

	if (!json_is_object(container)) {
		drift_add(s, DRIFT_RULE_PROCESS, "process", "running", "missing");
		return;
	}
	compare_init(s, container);
	compare_process(s, drift_at(container, "process"));
	compare_strangers(s, container);
	compare_security(s, container, granted);
	compare_sysctls(s, drift_at(container, "sysctls"));
	drift_expect_members(s, DRIFT_RULE_CGROUP, "limits", drift_at(granted, "cgroup"),
			     drift_at(container, "cgroup"));
	drift_expect_members(s, DRIFT_RULE_RLIMIT, "rlimits", drift_at(granted, "rlimits"),
			     drift_at(container, "rlimits"));
	drift_mounts(s);
}
