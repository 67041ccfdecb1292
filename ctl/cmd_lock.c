/* ctl lock acquire, renew, release, force-release */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/change.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/lock_ids.h"
#include "ctl/output.h"
#include "ctl/url.h"

static const struct ctl_flag acquire_flags[] = {
	{ .name = "reason",
	  .type = CTL_STRING,
	  .value = "TEXT",
	  .help = "why, for others to read" },
	{ .name = "locked-by",
	  .type = CTL_STRING,
	  .value = "NAME",
	  .help = "who holds it; you, when it is not given" },
	{ .name = "operation",
	  .type = CTL_STRING,
	  .value = "TEXT",
	  .help = "what it is held for: \"database upgrade\"" },
	{ .name = "ttl",
	  .type = CTL_DURATION,
	  .help = "how long at most; 1h, or controld's manual_lock_ttl" },
	CTL_FLAG_WAIT,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag renew_flags[] = {
	{ .name = "lock",
	  .type = CTL_STRING,
	  .value = "ID",
	  .help = "which lock; the one you acquired from here, when it is not given" },
	{ .name = "ttl",
	  .type = CTL_DURATION,
	  .help = "how long from now; 1h, or controld's manual_lock_ttl" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag release_flags[] = {
	{ .name = "lock",
	  .type = CTL_STRING,
	  .value = "ID",
	  .help = "which lock; the one you acquired from here, when it is not given" },
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static const struct ctl_flag force_flags[] = {
	{ .name = "lock",
	  .type = CTL_STRING,
	  .value = "ID",
	  .help = "exactly the lock that is held (ctl lock status)" },
	{ .name = "reason", .type = CTL_STRING, .value = "TEXT", .help = "why; it is recorded" },
	CTL_FLAG_YES,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

static void put_url(struct sp_buf *url, const char *stack, const char *rest)
{
	sp_buf_puts(url, "/v1/locks/");
	ctl_url_put(url, stack);
	sp_buf_puts(url, rest);
}

static json_t *acquire_body(const struct ctl_args *args)
{
	json_t *body = json_pack("{s:s*, s:s*, s:s*}", "reason", ctl_flag_str(args, "reason"),
				 "locked_by", ctl_flag_str(args, "locked-by"), "operation",
				 ctl_flag_str(args, "operation"));

	if (ctl_flag_on(args, "ttl"))
		json_object_set_new(body, "ttl_ns", json_integer(ctl_flag_int(args, "ttl", 0)));
	return body;
}

static int run_acquire(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *body = acquire_body(args), *lock = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	const char *stack = args->positional[0], *id;
	struct sp_err err = { 0 };
	int r;

	put_url(&url, stack, "");
	r = ctl_change(ctl, args, "POST", &url, body, NULL, &lock, fail);
	if (r < 0)
		return r;
	id = ctl_json_text(lock, "id");
	if (ctl_lock_ids_keep(ctl->context, stack, id, &err) < 0)
		fprintf(stderr, "the id is not kept here (%s): release with --lock %s\n",
			err.message, id);
	if (!ctl_wants_table(args))
		return ctl_print_document(args, lock, fail);
	printf("%s\n", id);
	fprintf(stderr, "stack '%s' is locked until %s; next: ctl lock release %s\n", stack,
		ctl_json_text(lock, "expires_at"), stack);
	return 0;
}

/* The id that was given, or the one that is kept; on the heap. */
static char *which(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *stack = args->positional[0], *given = ctl_flag_str(args, "lock");
	char *id;

	if (ctl_enter(ctl, fail) < 0)
		return NULL;
	id = given ? sp_str_format("%s", given) : ctl_lock_ids_find(ctl->context, stack);
	if (!id) {
		ctl_fail(fail, SP_E_INVALID,
			 "which lock? no lock of stack '%s' was acquired from here", stack);
		ctl_fail_next(fail, "ctl lock ls");
	}
	return id;
}

static int run_renew(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autofree char *id = which(ctl, args, fail);
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *body = json_object(), *lock = NULL;
	const char *stack = args->positional[0];
	int r;

	if (!id)
		return sp_err_return(&fail->err);
	if (ctl_flag_on(args, "ttl"))
		json_object_set_new(body, "ttl_ns", json_integer(ctl_flag_int(args, "ttl", 0)));
	put_url(&url, stack, "");
	ctl_url_query(&url, "id", id);
	r = ctl_call(ctl, "PUT", url.data, body, &lock, fail);
	if (r < 0)
		return r;
	if (!ctl_wants_table(args))
		return ctl_print_document(args, lock, fail);
	printf("stack '%s' is locked until %s\n", stack, ctl_json_text(lock, "expires_at"));
	return 0;
}

static int run_release(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autofree char *id = which(ctl, args, fail);
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *lock = NULL;
	const char *stack = args->positional[0];
	int r;

	if (!id)
		return sp_err_return(&fail->err);
	put_url(&url, stack, "");
	ctl_url_query(&url, "id", id);
	r = ctl_call(ctl, "DELETE", url.data, NULL, &lock, fail);
	if (r == 0 || fail->err.code == SP_E_NOT_FOUND)
		ctl_lock_ids_keep(ctl->context, stack, NULL, NULL);
	if (r < 0)
		return r;
	if (!ctl_wants_table(args))
		return ctl_print_document(args, lock, fail);
	printf("stack '%s' is free\n", stack);
	return 0;
}

static int need_flag(const struct ctl_args *args, const char *name, struct wire_failure *fail)
{
	if (!sp_str_empty(ctl_flag_str(args, name)))
		return 0;
	ctl_fail(fail, SP_E_INVALID, "--%s is needed to take a lock away", name);
	return ctl_fail_next(fail, "ctl lock status %s", args->positional[0]);
}

/* Before anybody is asked: is it that lock? */
static int check_held(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *stack = args->positional[0], *id = ctl_flag_str(args, "lock");
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *lock = NULL;
	int r;

	put_url(&url, stack, "");
	r = ctl_get(ctl, url.data, &lock, fail);
	if (r < 0 || sp_str_eq(ctl_json_text(lock, "id"), id))
		return r;
	if (!json_is_true(json_object_get(lock, "held")))
		ctl_fail(fail, SP_E_CONFLICT, "stack '%s' is not locked", stack);
	else
		ctl_fail(fail, SP_E_CONFLICT, "the lock of stack '%s' is '%s' of %s, not '%s'",
			 stack, ctl_json_text(lock, "id"), ctl_json_text(lock, "locked_by"), id);
	return ctl_fail_next(fail, "ctl lock status %s", stack);
}

static int run_force(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *stack = args->positional[0], *id = ctl_flag_str(args, "lock");
	autojson json_t *body = NULL, *lock = NULL;
	autobuf struct sp_buf url = SP_BUF_INIT;
	int r = need_flag(args, "lock", fail);

	if (r == 0)
		r = need_flag(args, "reason", fail);
	if (r == 0 && !ctl_flag_on(args, "yes"))
		r = check_held(ctl, args, fail);
	if (r == 0)
		r = ctl_confirm(ctl, args, NULL, fail,
				"take lock '%s' of stack '%s' away? an operation that runs under "
				"it fails",
				id, stack);
	if (r != 0)
		return r;
	body = json_pack("{s:s, s:s}", "id", id, "reason", ctl_flag_str(args, "reason"));
	put_url(&url, stack, "/force-release");
	r = ctl_call(ctl, "POST", url.data, body, &lock, fail);
	if (r < 0)
		return r;
	if (!ctl_wants_table(args))
		return ctl_print_document(args, lock, fail);
	printf("stack '%s' is free; %s had it\n", stack, ctl_json_text(lock, "locked_by"));
	return 0;
}

const struct ctl_command ctl_cmd_lock_acquire = {
	.name = "lock acquire",
	.args = "STACK",
	.summary = "lock a stack by hand, and print the lock's id",
	.details =
		"While it is held only commands with --lock ID change the stack. It ends with ctl lock "
		"release, or\nwhen its time is up. The id is kept beside the context file.",
	.flags = acquire_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_acquire,
};

const struct ctl_command ctl_cmd_lock_renew = {
	.name = "lock renew",
	.args = "STACK",
	.summary = "hold a lock that you acquired for longer",
	.details = "Its id and its fencing token stay. A lock whose time is up cannot be renewed: "
		   "acquire it again.",
	.flags = renew_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_renew,
};

const struct ctl_command ctl_cmd_lock_release = {
	.name = "lock release",
	.args = "STACK",
	.summary = "give a lock back that you acquired",
	.flags = release_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_release,
};

const struct ctl_command ctl_cmd_lock_force = {
	.name = "lock force-release",
	.args = "STACK",
	.summary = "take a lock away from its holder",
	.details =
		"It needs the exact id and a reason, and is recorded as a warning with who did it. The "
		"fencing token\ngrows, so whatever the holder still does is refused, and an operation "
		"that ran has failed.",
	.flags = force_flags,
	.args_min = 1,
	.args_max = 1,
	.run = run_force,
};
