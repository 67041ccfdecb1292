/*
 * Secrets of a stack, followed through everything controld leaves behind: its directory, the
 * database and its log, the rows, what it logs, what its API answers. They are nowhere but at the
 * agent that needs them.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/httpc.h"
#include "control/api/api.h"
#include "control/store/tables.h"
#include "tests/unit/control/fake_cluster.h"
#include "tests/unit/control/server.h"

#define BYTES 12

/* Of a variable, of the text itself, of a variable that goes where no name tells, and of a file;
 * and the last as base64 has it. */
enum { VARIABLE, LITERAL, INNOCENT, SECRET_FILE, ENCODED, CANARIES };

static char canaries[CANARIES][64];
static int stderr_kept = -1;
static size_t files_searched;

static void log_into_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/log", scratch_dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	stderr_kept = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void make_canaries(void)
{
	for (size_t i = VARIABLE; i <= SECRET_FILE; i++)
		cr_assert_eq(sp_random_hex(canaries[i], BYTES, &err), 0);
	autofree char *encoded = sp_base64_encode(canaries[SECRET_FILE], 2 * BYTES);
	snprintf(canaries[ENCODED], sizeof(canaries[ENCODED]), "%s", encoded);
}

static void set_up(void)
{
	start_all();
	log_into_file();
	make_canaries();
}

static void set_up_on_a_server(void)
{
	server_start();
	server_url(scratch_where, sizeof(scratch_where), "");
	set_up();
}

static void tear_down(void)
{
	dup2(stderr_kept, STDERR_FILENO);
	stop_all();
	if (*server_dir)
		server_stop();
}

/* The innocent variable, wherever a file may have one; another value in each bundle. */
#define EVERYWHERE                                                     \
	"    labels: {note: \"${X}\"}\n    command: [run, \"${X}\"]\n" \
	"    healthcheck: {test: [CMD, ask, \"${X}\"]}\n"

#define IN_THE_EXTENSION                                                                     \
	"x-stackpilot:\n  outputs: {where: \"at ${X}\"}\n"                                   \
	"  tasks: {job-t: {image: app, command: [go, \"${X}\"], environment: {A: \"${X}\"}," \
	" labels: {l: \"${X}\"}}}\n"

static json_t *bundle(const char *more)
{
	static unsigned number;
	autofree char *innocent = sp_str_format("%s-%u", canaries[INNOCENT], number++);
	autofree char *text = sp_str_format(
		"services:\n  db:\n    image: app\n    secrets: [token]\n"
		"    environment: {PASSWORD: \"${PASSWORD}\", API_KEY: \"%s\", PGOPTS: \"${X}\"}\n" EVERYWHERE
		"%s" IN_THE_EXTENSION "secrets: {token: {file: ./token}}\n",
		canaries[LITERAL], more);

	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "name", "demo", "file",
			 "stack.yaml", "text", text, "variables", "PASSWORD", canaries[VARIABLE],
			 "X", innocent, "files", "./token", canaries[ENCODED]);
}

static void run(const char *more, const char *state)
{
	autojson json_t *b = bundle(more), *op = NULL;
	autofree char *request = sp_json_text(b);
	char id[STORE_NAME_MAX];

	begin("deploy", request, id);
	op = finished(id);
	expect_state(op, state);
}

static void expect_none(const char *where, const char *data, size_t len)
{
	for (size_t i = 0; i < CANARIES; i++)
		cr_expect_null(memmem(data, len, canaries[i], strlen(canaries[i])),
			       "secret %zu is in %s", i, where);
}

static int search_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	autoclose int fd = -1;
	void *data;

	(void)ftw;
	if (type != FTW_F || !st->st_size || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) /* the server removes files at any time */
		return 0;
	data = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	cr_assert_neq(data, MAP_FAILED, "%s", path);
	expect_none(path, data, (size_t)st->st_size);
	munmap(data, (size_t)st->st_size);
	files_searched++;
	return 0;
}

static void search_rows(const char *select)
{
	auto_(db_rows_end) struct db_rows *rows = NULL;

	cr_assert_eq(db_select_args(store_db(s), select, &(struct db_value){ .type = DB_END },
				    &rows, &err),
		     0, "%s", err.message);
	while (db_next(rows, &err) > 0)
		for (int i = 0; i < db_columns(rows); i++)
			if (db_text(rows, i))
				expect_none(select, db_text(rows, i), strlen(db_text(rows, i)));
}

static void ask(struct sp_httpc *http, const char *method, const char *path, const char *body)
{
	struct sp_http_reply reply = { 0 };

	cr_assert_eq(sp_httpc_call(http, method, path, body, body ? strlen(body) : 0,
				   "application/json", &reply, &err),
		     0, "%s", err.message);
	cr_expect_lt(reply.status, 300, "%s: %d", path, reply.status);
	cr_expect_gt(reply.body.len, 0, "%s", path);
	expect_none(path, reply.body.data, reply.body.len);
	sp_http_reply_fini(&reply);
}

static void search_api(void)
{
	static const char *const paths[] = {
		"/v1/nodes",
		"/v1/stacks",
		"/v1/stacks/demo",
		"/v1/workloads",
		"/v1/store",
		"/v1/operations",
		"/v1/operations/op-1",
		"/v1/operations/op-2",
		"/v1/events",
		"/v1/images",
		"/v1/store/backup",
		"/v1/locks",
		"/v1/deps",
		"/v1/stacks/demo/outputs",
		"/v1/stacks/demo/diff",
		"/v1/stacks/demo/snapshots",
		"/v1/stacks/demo/snapshots/1",
		"/v1/stacks/demo/snapshots/1/compare/3",
	};
	autojson json_t *plan = bundle("    hostname: other\n");
	autofree char *request = sp_json_text(plan);
	autojson json_t *body = json_pack("{s:O}", "bundle", plan);
	autofree char *validation = sp_json_text(body);
	struct sp_httpc_conf conf = { .base_url = "http://localhost" };
	struct sp_httpc *http = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/sock", scratch_dir);
	sp_conf_set(config_keys, &c.config, "unix_socket", path, &err);
	cr_assert_eq(api_listen(&c, &err), 0, "%s", err.message);
	conf.unix_path = path;
	cr_assert_eq(sp_httpc_new(&conf, &http, &err), 0, "%s", err.message);
	for (size_t i = 0; i < SP_COUNT(paths); i++)
		ask(http, "GET", paths[i], NULL);
	ask(http, "POST", "/v1/plans", request);
	ask(http, "POST", "/v1/validations", validation);
	sp_httpc_free(http);
	sp_httpd_free(c.httpd);
	c.httpd = NULL;
}

/* The test's own eyes: what is there is found, and the agent has what it needs. */
static void check_the_search(void)
{
	json_t *environment = fake_agent_member(&agents[0], "demo-db-1", "environment");
	json_t *elsewhere = fake_agent_member(&agents[1], "demo-db-1", "environment");
	autofree char *text = sp_json_text(environment ? environment : elsewhere);

	cr_assert_not_null(text);
	cr_expect_not_null(strstr(text, canaries[VARIABLE]));
	cr_expect_not_null(strstr(text, canaries[LITERAL]));
	cr_expect_not_null(strstr(text, canaries[INNOCENT]));
	cr_expect_gt(files_searched, 5);
}

static void follow_the_secrets(void)
{
	run("", "succeeded");
	run("    hostname: db\n  bad:\n    image: app\n    depends_on: [db]\n", "reverted");
	run("    hostname: second\n", "succeeded");
	run("    hostname: third\n", "succeeded");
#define X(name) search_rows("SELECT * FROM " #name);
	STORE_TABLES(X)
#undef X
	search_api();
	cr_assert_eq(nftw(scratch_dir, search_file, 32, FTW_PHYS), 0);
	check_the_search();
}

Test(canary, no_secret_is_left_in_files_rows_logs_or_replies, .init = set_up, .fini = tear_down,
     .timeout = 60)
{
	follow_the_secrets();
}

Test(canary, no_secret_is_left_in_the_servers_tables_and_its_log, .init = set_up_on_a_server,
     .fini = tear_down, .timeout = 60)
{
	follow_the_secrets();
	store_write(s, &err, "UPDATE counters SET value = value");
	cr_assert_eq(nftw(server_dir, search_file, 32, FTW_PHYS), 0);
	cr_expect_gt(files_searched, 100, "the server's files can be read");
}
