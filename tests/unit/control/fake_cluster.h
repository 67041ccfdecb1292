/*
 * A whole controld for tests, in this process, with two agents that only pretend (fake_agent.h): an
 * image "app", operations begun and waited for, and what is expected of them.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "control/control.h"
#include "control/node/poller.h"
#include "control/operation/worker.h"
#include "control/store/event.h"
#include "control/store/node.h"
#include "control/store/operation.h"
#include "control/store/stack.h"
#include "images/import.h"
#include "tests/unit/control/fake_agent.h"
#include "tests/unit/control/scratch.h"

#define DEADLINE_NS (30 * SP_NS_PER_S)

static struct control c;
static struct fake_agent agents[2];
static struct store *s;
static struct sp_err err;

static inline void open_control(void)
{
	memset(&c, 0, sizeof(c));
	cr_assert_eq(sp_conf_load(config_keys, &c.config, NULL, &err), 0, "%s", err.message);
	sp_conf_set(config_keys, &c.config, "state_dir", scratch_dir, &err);
	sp_conf_set(config_keys, &c.config, "store", scratch_url(), &err);
	sp_conf_set(config_keys, &c.config, "work_threads", "20", &err);
	sp_conf_set(config_keys, &c.config, "gate_timeout", "700ms", &err);
	sp_conf_set(config_keys, &c.config, "settle_time", "0s", &err);
	sp_conf_set(config_keys, &c.config, "poll_interval", "100ms", &err);
	sp_conf_set(config_keys, &c.config, "agent_patience", "1s", &err);
	config_complete(&c.config, &err);
	cr_assert_eq(control_open(&c, &err), 0, "%s", err.message);
	cr_assert_eq(store_pool_take(c.stores, &s, &err), 0, "%s", err.message);
}

/* A root filesystem of one directory. */
static inline void write_rootfs(int fd, const char *directory)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	archive_write_set_format_ustar(a);
	archive_write_open_fd(a, fd);
	archive_entry_set_pathname(e, directory);
	archive_entry_set_filetype(e, AE_IFDIR);
	archive_entry_set_perm(e, 0755);
	cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
}

/* "app" stands for an image whose digest depends on the directory. */
static inline void import_image_of(const char *directory)
{
	struct img_imported image;
	FILE *f = tmpfile();

	cr_assert_not_null(f);
	write_rootfs(fileno(f), directory);
	rewind(f);
	cr_assert_eq(img_import_rootfs(c.images, fileno(f), "app", NULL, NULL, &image, &err), 0,
		     "%s", err.message);
	fclose(f);
}

static inline void import_image(void)
{
	import_image_of("etc");
}

static inline void wait_ready(const char *name)
{
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;

	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		autonode struct store_node n = { 0 };

		cr_assert_eq(store_node_get(s, name, &n, &err), 0);
		if (n.state == STORE_NODE_READY)
			return;
		cr_assert(watch_wait(c.watch, mark, deadline), "node %s is not ready: %s", name,
			  n.error);
	}
}

static inline void start_agent(struct fake_agent *f, const char *name)
{
	struct store_node n = { 0 };

	fake_agent_start(f, name, c.ca, scratch_dir);
	snprintf(n.name, sizeof(n.name), "%s", name);
	snprintf(n.address, sizeof(n.address), "127.0.0.1");
	snprintf(n.key_id, sizeof(n.key_id), "%s", name);
	n.port = sp_httpd_port(f->httpd);
	cr_assert_eq(store_node_join(s, &n, &err), 0, "%s", err.message);
	poller_kick(c.poller);
	wait_ready(name);
	free(fake_agent_calls(f));
}

static inline void start_all(void)
{
	scratch_make();
	open_control();
	import_image();
	start_agent(&agents[0], "worker1");
	start_agent(&agents[1], "worker2");
}

static inline void stop_all(void)
{
	store_pool_give(c.stores, s);
	control_close(&c);
	for (size_t i = 0; i < 2; i++)
		if (agents[i].httpd)
			fake_agent_stop(&agents[i]);
	scratch_remove();
}

static inline void begin(const char *kind, const char *request, char id[STORE_NAME_MAX])
{
	struct store_operation_request q = {
		.kind = kind,
		.stack = "demo",
		.requested_by = "test",
		.request = request,
		.lock = { .runner = c.runner, .ttl_ns = c.config.lock_ttl_ns },
	};

	cr_assert_eq(store_operation_begin(s, &q, id, &err), 0, "%s", err.message);
	cr_assert_eq(workers_queue(c.workers, id, &err), 0);
}

static inline json_t *finished(const char *id)
{
	int64_t deadline = sp_time_mono_ns() + DEADLINE_NS;

	for (;;) {
		uint64_t mark = watch_mark(c.watch);
		json_t *op = NULL;

		cr_assert_eq(store_operation_view(s, id, &op, &err), 0, "%s", err.message);
		if (!sp_str_eq(json_string_value(json_object_get(op, "state")), "running"))
			return op;
		json_decref(op);
		cr_assert(watch_wait(c.watch, mark, deadline), "%s does not end", id);
	}
}

static inline char *bundle_of(const char *services, const char *on_failure)
{
	autofree char *text = sp_str_format("services:\n%s", services);
	autojson json_t *bundle =
		json_pack("{s:s, s:s, s:s, s:{}, s:{}, s:s*}", "name", "demo", "file", "stack.yaml",
			  "text", text, "variables", "files", "on_failure", on_failure);

	return sp_json_text(bundle);
}

static inline json_t *deploy(const char *services)
{
	autofree char *request = bundle_of(services, "rollback");
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	return finished(id);
}

static inline json_t *destroy(const char *request)
{
	char id[STORE_NAME_MAX];

	begin("destroy", request, id);
	return finished(id);
}

static inline const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static inline void expect_state(const json_t *op, const char *state)
{
	cr_expect_str_eq(member(op, "state"), state, "%s: %s", member(op, "state"),
			 member(json_object_get(op, "error"), "message"));
}

static inline void expect_calls(struct fake_agent *f, const char *wanted)
{
	autofree char *calls = fake_agent_calls(f);
	char *peers;

	while ((peers = strstr(calls, "PEERS "))) { /* the poller's, at any time */
		char *end = strchr(peers, ',') + 1;

		memmove(peers, end, strlen(end) + 1);
	}
	cr_expect_str_eq(calls, wanted, "%s: '%s', not '%s'", f->name, calls, wanted);
}

static inline void expect_stack(const char *state, int64_t revision)
{
	struct store_stack st;

	cr_assert_eq(store_stack_get(s, "demo", &st, &err), 0, "%s", err.message);
	cr_expect_str_eq(st.state, state);
	cr_expect_eq(st.revision, revision);
}

#define ON(node) "    deploy: {placement: {constraints: [node.hostname == " node "]}}\n"
#define DB       "  db:\n    image: app\n" ON("worker1")
#define API                                                                            \
	"  api:\n    image: app\n    depends_on: {db: {condition: service_healthy}}\n" \
	"    deploy: {replicas: 2}\n"
#define PULLED "BLOB ,BLOB ,BLOB ,IMAGE app:latest,"
