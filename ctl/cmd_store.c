/* ctl store check, backup, migrate */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/interrupt.h"
#include "ctl/output.h"

#define COPY_QUIET_NS   (300 * SP_NS_PER_S) /* silence allowed while the store is copied */
#define ERROR_BYTES_MAX 65536

static const struct ctl_flag check_flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag migrate_flags[] = {
	{ .name = "to",
	  .type = CTL_STRING,
	  .value = "URL",
	  .help = "the empty database: postgresql://... or sqlite:/path, as controld reaches it" },
	CTL_FLAG_YES,
	CTL_FLAGS_END,
};

static const struct ctl_column columns[] = {
	{ .title = "TABLE", .path = "name" },
	{ .title = "ROWS", .path = "rows" },
	CTL_COLUMNS_END,
};

static int print_check(const struct ctl_args *args, const json_t *view, struct wire_failure *fail)
{
	const json_t *findings = json_object_get(view, "findings");
	const json_t *line;
	size_t i;
	int r = ctl_print_list(args, view, json_object_get(view, "tables"), columns, fail);

	if (r < 0 || !ctl_wants_table(args))
		return r;
	json_array_foreach (findings, i, line)
		printf("FAIL  %s\n", json_string_value(line));
	if (!json_array_size(findings))
		printf("PASS  %s, schema %d\n", ctl_json_text(view, "engine"),
		       (int)json_integer_value(json_object_get(view, "schema")));
	return 0;
}

static int run_check(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *view = NULL;
	int r = ctl_get(ctl, "/v1/store", &view, fail);

	if (r == 0)
		r = print_check(args, view, fail);
	if (r < 0)
		return r;
	return json_array_size(json_object_get(view, "findings")) ? CTL_EXIT_FAILED : 0;
}

struct arrival {
	int fd;
	int failure; /* errno of a write */
	uint64_t bytes;
	struct sp_buf refusal; /* its beginning, in case the status is no success */
};

static int take_bytes(void *state, const char *data, size_t len)
{
	struct arrival *a = state;

	if (a->refusal.len < ERROR_BYTES_MAX)
		sp_buf_append(&a->refusal, data, len);
	a->failure = -sp_write_all(a->fd, data, len);
	a->bytes += len;
	return a->failure;
}

static int refuse(const struct ctl *ctl, const struct arrival *a, int status,
		  struct wire_failure *fail)
{
	autojson json_t *body = NULL;
	struct sp_err err;

	sp_fail(&err, SP_E_INTERNAL, "controld answered %d", status);
	sp_json_parse(a->refusal.data ? a->refusal.data : "", a->refusal.len, &body, NULL);
	if (json_object_get(body, "error"))
		wire_failure_decode(json_object_get(body, "error"), fail);
	else
		ctl_fail_from(ctl, fail, &err, NULL);
	return sp_err_return(&fail->err);
}

static int receive(struct ctl *ctl, struct arrival *a, struct wire_failure *fail)
{
	struct sp_err err = { 0 };
	int status = 0, r = ctl_open(ctl, fail);

	if (r < 0)
		return r;
	sp_httpc_set_timeout(ctl->http, COPY_QUIET_NS);
	ctl_interrupt_watch(ctl->http);
	r = sp_httpc_stream(ctl->http, "GET", "/v1/store/backup", take_bytes, a, &status, &err);
	ctl_interrupt_unwatch(ctl->http);
	if (r < 0)
		return ctl_fail_from(ctl, fail, &err, NULL);
	if (status != 200)
		return refuse(ctl, a, status, fail);
	if (a->failure)
		return ctl_fail(fail, SP_E_SYSTEM, "writing the copy: %s", strerror(a->failure));
	return 0;
}

static int fail_exists(const char *file, struct wire_failure *fail)
{
	return ctl_fail(fail, SP_E_EXISTS, "'%s' is there already: give another name", file);
}

/* Under another name until it is whole, and in nobody's place. */
static int run_backup(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autofree char *part = NULL;
	const char *file = args->positional[0];
	struct arrival a = { .fd = -1 };
	int r;

	if (access(file, F_OK) == 0)
		return fail_exists(file, fail);
	if (asprintf(&part, "%s.part", file) < 0)
		return ctl_fail(fail, SP_E_NO_MEMORY, "out of memory");
	a.fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (a.fd < 0)
		return ctl_fail(fail, SP_E_SYSTEM, "'%s': %s", part, strerror(errno));
	r = receive(ctl, &a, fail);
	if (r == 0 && fsync(a.fd) == 0 &&
	    renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) == 0)
		r = 0;
	else if (r == 0 && errno == EEXIST)
		r = fail_exists(file, fail);
	else if (r == 0)
		r = ctl_fail(fail, SP_E_SYSTEM, "'%s': %s", file, strerror(errno));
	sp_close(&a.fd);
	sp_buf_fini(&a.refusal);
	if (r < 0)
		unlink(part);
	else
		printf("%s %llu bytes\n", file, (unsigned long long)a.bytes);
	return r;
}

static int migrate(struct ctl *ctl, const char *to, bool dry_run, struct wire_failure *fail)
{
	autojson json_t *body = json_pack("{s:s}", "to", to);
	int r = ctl_open(ctl, fail);

	if (r < 0)
		return r;
	sp_httpc_set_timeout(ctl->http, COPY_QUIET_NS);
	return ctl_call(ctl, "POST", dry_run ? "/v1/store/migrate?dry_run=1" : "/v1/store/migrate",
			body, NULL, fail);
}

static int run_migrate(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *to = ctl_flag_str(args, "to");
	int r = 0;

	if (!to)
		return ctl_fail(fail, SP_E_INVALID, "migrate: where to? give --to");
	if (!ctl_flag_on(args, "yes"))
		r = migrate(ctl, to, true, fail);
	if (r == 0)
		r = ctl_confirm(ctl, args, NULL, fail,
				"copy the store and close the present one for good?");
	if (r == 0)
		r = migrate(ctl, to, false, fail);
	if (r == 0)
		puts("moved; now set `store` in controld's configuration and start it again");
	return r;
}

const struct ctl_command ctl_cmd_store_check = {
	.name = "store check",
	.args = "",
	.summary = "look the store through: gaps, tokens, references, what does not unseal",
	.flags = check_flags,
	.run = run_check,
};

const struct ctl_command ctl_cmd_store_backup = {
	.name = "store backup",
	.args = "FILE",
	.summary = "copy the store into a file, while it is in use",
	.details = "FILE is a store of its own, whatever engine it came from: controld runs on it "
		   "with `store = sqlite:FILE` and the same seal key.",
	.args_min = 1,
	.args_max = 1,
	.run = run_backup,
};

const struct ctl_command ctl_cmd_store_migrate = {
	.name = "store migrate",
	.args = "--to URL",
	.summary = "move the store into another, empty database",
	.details =
		"Everything goes along: revisions, operations, events, and the tokens of locks, so "
		"agents go on trusting. The present store takes no more changes then; set `store` "
		"in controld's configuration and start it again. No operation may run meanwhile.",
	.flags = migrate_flags,
	.run = run_migrate,
};
