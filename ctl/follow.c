/*
 * Following an operation; see follow.h. Its steps are the truth and are read anew each round;
 * events are only what wakes ctl between rounds.
 */
#include "ctl/follow.h"

#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/change.h"
#include "ctl/failure.h"
#include "ctl/interrupt.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/table.h"
#include "ctl/url.h"

#define ROUND_NS      (1 * SP_NS_PER_S)  /* at most between two looks at the steps */
#define PATIENCE_NS   (60 * SP_NS_PER_S) /* for a controld that does not answer */
#define RETRY_WAIT_NS (500 * SP_NS_PER_MS)

struct follow {
	struct ctl *ctl;
	const char *id;
	struct ctl_progress *progress;
	json_int_t seen;         /* last event */
	int64_t silent_since_ns; /* controld does not answer since; 0: it does */
};

static bool has_ended(const json_t *op)
{
	return !sp_str_eq(ctl_json_text(op, "state"), "running") &&
	       !sp_str_eq(ctl_json_text(op, "state"), "pending");
}

static int interrupted(const struct follow *f, struct wire_failure *fail)
{
	ctl_fail(fail, SP_E_INTERRUPTED, "interrupted; operation '%s' goes on without ctl", f->id);
	return ctl_fail_next(fail, "ctl op show --follow %s", f->id);
}

static void nap(int64_t ns)
{
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL); /* Ctrl-C ends it early */
}

/* After a call that failed: 0 to try again, or the error. */
static int bear(struct follow *f, struct wire_failure *fail)
{
	int64_t now = sp_time_mono_ns();

	if (ctl_interrupted())
		return interrupted(f, fail);
	if (fail->err.code != SP_E_UNREACHABLE && fail->err.code != SP_E_TIMEOUT)
		return sp_err_return(&fail->err);
	if (!f->silent_since_ns) {
		f->silent_since_ns = now;
		ctl_progress_say(f->progress, "controld does not answer; waiting for it");
	}
	if (now - f->silent_since_ns > PATIENCE_NS)
		return ctl_fail_next(fail, "ctl op show %s", f->id);
	nap(RETRY_WAIT_NS);
	return 0;
}

static int read_operation(struct follow *f, json_t **ret, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/operations/");
	ctl_url_put(&url, f->id);
	return ctl_get(f->ctl, url.data, ret, fail);
}

/* Sleep until something happens to the operation, a round at most. */
static int await_event(struct follow *f, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;
	autojson json_t *page = NULL;
	int64_t began = sp_time_mono_ns();
	int r;

	sp_buf_puts(&url, "/v1/events");
	ctl_url_query(&url, "operation", f->id);
	ctl_url_query_int(&url, "after", f->seen);
	ctl_url_query_int(&url, "wait_ns", ROUND_NS);
	r = ctl_get(f->ctl, url.data, &page, fail);
	if (r < 0)
		return r;
	if (json_is_integer(json_object_get(page, "next")))
		f->seen = json_integer_value(json_object_get(page, "next"));
	if (sp_time_mono_ns() - began < 50 * SP_NS_PER_MS)
		nap(50 * SP_NS_PER_MS); /* a burst of events is one look */
	return 0;
}

static int one_round(struct follow *f, json_t **ret, struct wire_failure *fail)
{
	autojson json_t *op = NULL;
	int r = read_operation(f, &op, fail);

	if (r < 0)
		return bear(f, fail);
	f->silent_since_ns = 0;
	ctl_progress_update(f->progress, op);
	if (has_ended(op)) {
		*ret = take_ptr(op);
		return 1;
	}
	r = await_event(f, fail);
	return r < 0 ? bear(f, fail) : 0;
}

int ctl_follow(struct ctl *ctl, const char *operation, json_t **ret, struct wire_failure *fail)
{
	struct follow f = { .ctl = ctl, .id = operation };
	int r = ctl_open(ctl, fail);

	if (r < 0)
		return r;
	r = ctl_progress_new(stderr, &f.progress, &fail->err);
	if (r < 0)
		return r;
	ctl_interrupt_watch(ctl->http);
	do {
		if (ctl_interrupted())
			r = interrupted(&f, fail);
		else
			r = one_round(&f, ret, fail);
	} while (r == 0);
	ctl_interrupt_unwatch(ctl->http);
	ctl_progress_free(f.progress);
	return r < 0 ? r : 0;
}

int ctl_follow_change(struct ctl *ctl, const struct ctl_args *args, const char *method,
		      struct sp_buf *url, const json_t *body, json_t **ret,
		      struct wire_failure *fail)
{
	autojson json_t *accepted = NULL;
	int r = ctl_change(ctl, args, method, url, body, NULL, &accepted, fail);

	return r < 0 ? r : ctl_follow(ctl, ctl_json_text(accepted, "operation"), ret, fail);
}

enum ctl_exit ctl_follow_exit(const json_t *operation)
{
	struct wire_failure why = { 0 };
	const json_t *error = json_object_get(operation, "error");

	if (json_is_object(error))
		wire_failure_decode(error, &why);
	return ctl_exit_of_operation(ctl_json_text(operation, "state"), &why.err);
}

void ctl_follow_warn(const json_t *operation)
{
	json_t *warnings = json_object_get(operation, "warnings"), *text;
	const char *topic;

	fflush(stdout);
	json_object_foreach (warnings, topic, text) {
		autobuf struct sp_buf clean = SP_BUF_INIT;

		ctl_clean(&clean, json_string_value(text), false);
		fprintf(stderr, "warning: %s: %s\n", topic, clean.data ? clean.data : "");
	}
	if (json_object_get(warnings, "drift"))
		fprintf(stderr, "next: ctl drift show %s\n", ctl_json_text(operation, "stack"));
}

static void tell_why(const json_t *operation)
{
	struct wire_failure why = { 0 };

	fflush(stdout);
	if (json_is_object(json_object_get(operation, "error"))) {
		wire_failure_decode(json_object_get(operation, "error"), &why);
		ctl_failure_print(&why, stderr);
	}
	if (!why.next[0])
		fprintf(stderr, "next: ctl op show %s\n", ctl_json_text(operation, "id"));
}

/* What became of it, and with it of the stack. */
static const char *state_words(const char *state)
{
	if (sp_str_eq(state, "reverted"))
		return "reverted, the stack is as it was before";
	if (sp_str_eq(state, "revert_failed"))
		return "failed, and so did putting the stack back (revert_failed)";
	return state;
}

int ctl_follow_finish(const struct ctl_args *args, const json_t *operation, const char *done,
		      struct wire_failure *fail)
{
	enum ctl_exit code = ctl_follow_exit(operation);

	if (!ctl_wants_table(args))
		return ctl_print_document(args, operation, fail) < 0 ? sp_err_return(&fail->err)
								     : (int)code;
	if (code == CTL_EXIT_OK)
		printf("operation %s: stack '%s' %s\n", ctl_json_text(operation, "id"),
		       ctl_json_text(operation, "stack"), done);
	else
		printf("operation %s on stack '%s': %s\n", ctl_json_text(operation, "id"),
		       ctl_json_text(operation, "stack"),
		       state_words(ctl_json_text(operation, "state")));
	ctl_follow_warn(operation);
	if (code != CTL_EXIT_OK)
		tell_why(operation);
	return code;
}
