/* What a pretend agent holds (fake_agent.h): its workloads as rows, and what was asked of it. */
#pragma once

#include "base/buf.h"
#include "base/fd.h"
#include "base/httpd.h"
#include "base/json.h"
#include "base/str.h"
#include "control/node/ca.h"
#include "wire/workload.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_WORKLOADS_MAX 32

static const char *fake_bad_user; /* workloads with it fail, from now on */
static int
	fake_flaky_starts; /* of workloads "flaky...": the first start fails, the next does well */

struct fake_agent {
	const char *name;
	struct sp_httpd *httpd;
	pthread_mutex_t lock;
	json_t *specs[FAKE_WORKLOADS_MAX];
	size_t n_specs;
	struct sp_buf calls, starts; /* starts: "demo-db-1," for each PUT that changed a spec */
	int64_t token;               /* the highest seen */
	int refusals;                /* of so many PUT: "agentd is stopping" */
	atomic_bool slow_deletes;    /* a DELETE is answered when this is over */
	bool stopped;                /* GET /v1/workloads shows all as stopped, until a restart */
	char peers_digest[SP_DIGEST_MAX];
	json_t *peers;                  /* as it was told them */
	atomic_bool extra;              /* a cgroup that no workload owns: demo-old-1 */
	json_t *events;                 /* of GET /v1/events */
	json_t *questions, *answers;    /* of its tasks, about the state */
	char task_image[SP_DIGEST_MAX]; /* manifest of the last task */
	char cert[160], key[160], ca[160];
};

static void fake_note(struct fake_agent *f, const char *verb, const char *what)
{
	sp_buf_printf(&f->calls, "%s %s,", verb, what);
}

static size_t fake_find(const struct fake_agent *f, const char *id)
{
	for (size_t i = 0; i < f->n_specs; i++)
		if (sp_str_eq(json_string_value(json_object_get(f->specs[i], "id")), id))
			return i;
	return f->n_specs;
}

static json_t *fake_status(const json_t *spec)
{
	const char *service = json_string_value(json_object_get(spec, "service"));
	const char *command =
		json_string_value(json_array_get(json_object_get(spec, "command"), 0));
	const char *user = json_string_value(json_object_get(spec, "user"));
	bool flaky = sp_str_starts(service, "flaky");
	bool bad = sp_str_starts(service, "bad") || sp_str_eq(command, "fail") ||
		   (flaky && fake_flaky_starts % 2) || (user && sp_str_eq(user, fake_bad_user));
	bool slow = sp_str_starts(service, "slow"), job = flaky || sp_str_starts(service, "job");
	int code = bad ? 3 : 0;

	return json_pack(
		"{s:O, s:O, s:O, s:O, s:s, s:s, s:b, s:b, s:i, s:i, s:i, s:{s:i, s:i, s:b}}", "id",
		json_object_get(spec, "id"), "stack", json_object_get(spec, "stack"), "service",
		json_object_get(spec, "service"), "replica", json_object_get(spec, "replica"),
		"state",
		bad   ? "failed"
		: job ? "exited"
		      : "running",
		"reason", bad ? "exited with status 3" : "", "ready", !bad && !slow && !job, "live",
		1, "pid", 7, "incarnation", 1, "restarts", 0, "last_exit", "code", code, "signal",
		0, "oom", 0);
}
