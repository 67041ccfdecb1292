/*
 * What controld takes for plans and snapshots of a big stack, in its own functions on a real store
 * (SQLite in the file system): state RUNS prints a JSON list for results.json.
 *
 * The stack has 1,000 services, placed on eight nodes that never answer; the plan is of a change to
 * each of them: the bundle is read, checked, expanded and pinned, compared field by field with the
 * rows of the store, placed, and written as JSON.
 */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "control/control.h"
#include "control/deploy/dry_run.h"
#include "control/snapshot/snapshot.h"
#include "control/stack/desired.h"
#include "control/store/node.h"
#include "images/import.h"

#define SERVICES 1000
#define NODES    8
#define RUNS_MAX 1000

struct bench {
	struct control control;
	struct store *store;
	char *bundle;
	int64_t version; /* of the last snapshot */
};

typedef int (*act_fn)(struct bench *b, struct sp_err *err);

static int fail(const char *what, const struct sp_err *err)
{
	fprintf(stderr, "bench: %s: %s\n", what, err->message);
	return -1;
}

static char *write_bundle(const char *mode)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *bundle = NULL;

	sp_buf_puts(&text, "services:\n");
	for (int i = 0; i < SERVICES; i++)
		sp_buf_printf(&text,
			      "  service%d:\n    image: app\n    command: [serve, --port, '80']\n"
			      "    environment: {MODE: %s, DB_HOST: db, NUMBER: '%d'}\n"
			      "    volumes: ['data:/data']\n    restart: always\n",
			      i, mode, i);
	sp_buf_puts(&text, "volumes: {data: }\n");
	bundle = json_pack("{s:s, s:s, s:s, s:{}, s:{}}", "name", "big", "file", "stack.yaml",
			   "text", text.data ? text.data : "", "variables", "files");
	return bundle ? sp_json_canonical(bundle) : NULL;
}

static int add_node(struct store *s, int i, struct sp_err *err)
{
	struct store_node n = { .port = 1 };
	autojson json_t *info =
		json_pack("{s:i, s:I}", "cpus", 64, "memory_bytes", (json_int_t)1 << 40);
	int r;

	snprintf(n.name, sizeof(n.name), "node%d", i);
	snprintf(n.address, sizeof(n.address), "127.0.0.1");
	snprintf(n.key_id, sizeof(n.key_id), "%s", n.name);
	r = store_node_join(s, &n, err);
	return r < 0 ? r : store_node_set_state(s, n.name, STORE_NODE_READY, info, "", err);
}

/* "app": one empty directory. */
static int add_image(struct control *c, struct sp_err *err)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	struct img_imported image;
	FILE *f = tmpfile();
	int r;

	archive_write_set_format_ustar(a);
	archive_write_open_fd(a, fileno(f));
	archive_entry_set_pathname(e, "etc");
	archive_entry_set_filetype(e, AE_IFDIR);
	archive_entry_set_perm(e, 0755);
	archive_write_header(a, e);
	archive_entry_free(e);
	archive_write_free(a);
	rewind(f);
	r = img_import_rootfs(c->images, fileno(f), "app", NULL, NULL, &image, err);
	fclose(f);
	return r;
}

static int put_row(struct store *s, const struct desired_workload *w, int64_t revision, size_t i,
		   struct sp_err *err)
{
	struct store_workload row = { .revision = revision,
				      .replica = w->spec->replica,
				      .position = w->position,
				      .gate = w->gate };
	autojson json_t *spec = NULL;
	autofree char *text = NULL;
	int r = wire_workload_encode(w->spec, &spec, err);

	text = r == 0 ? sp_json_canonical(spec) : NULL;
	if (!text)
		return -1;
	row.spec = text;
	snprintf(row.id, sizeof(row.id), "%s", w->spec->id);
	snprintf(row.stack, sizeof(row.stack), "%s", w->spec->stack);
	snprintf(row.service, sizeof(row.service), "%s", w->spec->service);
	snprintf(row.node, sizeof(row.node), "node%zu", i % NODES);
	snprintf(row.template, sizeof(row.template), "%s", w->template);
	return store_workload_put(s, &row, err);
}

/* The rows that a deploy of the stack leaves, without a deploy. */
static int put_rows(struct store *s, void *state, struct sp_err *err)
{
	struct bench *b = state;
	autofree char *bundle = write_bundle("one");
	struct desired d = { 0 };
	const char *service = NULL;
	int64_t revision = 0;
	int r = desired_read(bundle, &d, err);

	if (r == 0)
		r = desired_pin_as(&d, b->control.images, NULL, &service, err);
	if (r == 0)
		r = store_stack_set_state(s, "big", STORE_STACK_RUNNING, "op-0", err);
	if (r == 0)
		r = store_revision_add(s, "big", "sha256:0", bundle, &revision, err);
	for (size_t i = 0; r == 0 && i < d.n; i++)
		r = put_row(s, &d.list[i], revision, i, err);
	if (r == 0)
		r = store_stack_commit(s, "big", revision, err);
	desired_fini(&d);
	return r;
}

static int open_bench(struct bench *b, char *dir, struct sp_err *err)
{
	struct control *c = &b->control;
	int r = sp_conf_load(config_keys, &c->config, NULL, err);

	sp_conf_set(config_keys, &c->config, "state_dir", dir, err);
	sp_conf_set(config_keys, &c->config, "poll_interval", "1h", err);
	sp_conf_set(config_keys, &c->config, "node_timeout", "1h", err);
	if (r == 0)
		r = config_complete(&c->config, err);
	if (r == 0)
		r = control_open(c, err);
	if (r == 0)
		r = store_pool_take(c->stores, &b->store, err);
	for (int i = 0; r == 0 && i < NODES; i++)
		r = add_node(b->store, i, err);
	if (r == 0)
		r = add_image(c, err);
	if (r == 0)
		r = store_transact(b->store, put_rows, b, err);
	b->bundle = write_bundle("two");
	return r;
}

static int plan_once(struct bench *b, struct sp_err *err)
{
	struct dry_run_request q = { .request = b->bundle };
	struct wire_failure at;
	autojson json_t *plan = NULL;
	autofree char *text = NULL;
	int r = dry_run(&b->control, b->store, &q, &at, &plan, err);

	text = r == 0 ? sp_json_text(plan) : NULL;
	return r < 0 || !text ? -1 : 0;
}

static int snapshot_once(struct bench *b, struct sp_err *err)
{
	struct snapshot_request q = { .stack = "big", .cause = "request", .creator = "bench" };
	autosnapshot struct store_snapshot n = { 0 };
	int r = snapshot_take(b->store, &b->control.config, &q, &n, err);

	b->version = n.version;
	return r;
}

/* So that the next one finds no content that it could share. */
static int snapshot_forget(struct bench *b, struct sp_err *err)
{
	return store_snapshot_remove(b->store, "big", b->version, "measured", err);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* after: what follows each run, not measured; NULL: nothing. */
static int measure(struct bench *b, const char *name, act_fn once, act_fn after, int runs)
{
	static int64_t ns[RUNS_MAX];
	struct sp_err err = { 0 };

	for (int i = 0; i < runs; i++) {
		int64_t start = sp_time_mono_ns();

		if (once(b, &err) < 0)
			return fail(name, &err);
		ns[i] = sp_time_mono_ns() - start;
		if (after && after(b, &err) < 0)
			return fail(name, &err);
	}
	qsort(ns, (size_t)runs, sizeof(*ns), by_value);
	printf("{\"name\": \"%s\", \"unit\": \"ms\", \"ours\": %.3f, \"peers\": {}, \"floor\": null,"
	       " \"runs\": %d}",
	       name, (double)ns[runs / 2] / 1e6, runs);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[] = "/var/tmp/sp-bench.XXXXXX";
	int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 30;
	struct bench b = { 0 };
	struct sp_err err = { 0 };
	int r;

	if (runs < 1 || runs > RUNS_MAX || !mkdtemp(dir))
		return 64;
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	r = open_bench(&b, dir, &err);
	if (r < 0)
		fail("preparing", &err);
	fputs("[", stdout);
	if (r == 0)
		r = measure(&b, "plan of 1,000 services, every one changed", plan_once, NULL, runs);
	fputs(", ", stdout);
	if (r == 0)
		r = measure(&b, "snapshot of 1,000 workloads, kept", snapshot_once, snapshot_forget,
			    runs);
	puts("]");
	store_pool_give(b.control.stores, b.store);
	control_close(&b.control);
	free(b.bundle);
	sp_remove_tree_at(AT_FDCWD, dir, NULL);
	return r < 0;
}
