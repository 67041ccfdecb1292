/* ctl events */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/exit.h"
#include "ctl/interrupt.h"
#include "ctl/output.h"
#include "ctl/since.h"
#include "ctl/table.h"
#include "ctl/url.h"
#include "ctl/yaml.h"
#include "wire/event_type.h"

#define PAGE      500
#define FOLLOW_NS (20 * SP_NS_PER_S) /* one long poll */

static const struct ctl_flag flags[] = {
	{ .name = "follow", .letter = 'f', .type = CTL_BOOL, .help = "go on with what happens" },
	{ .name = "since",
	  .type = CTL_STRING,
	  .value = "WHEN",
	  .help = "only events since a time (2026-11-21T08:00:00Z) or an age (10m), or after the "
		  "event of that number (42)" },
	{ .name = "stack", .type = CTL_STRING, .value = "STACK", .help = "only of this stack" },
	{ .name = "type",
	  .type = CTL_STRING,
	  .value = "TYPES",
	  .help = "only of these types, with commas: workload.exit, or lock. for all of locks" },
	CTL_FLAG_OUTPUT("table|json|yaml"),
	CTL_FLAGS_END,
};

struct reader {
	struct ctl *ctl;
	const struct ctl_args *args;
	const char *types; /* NULL: all */
	int64_t since_ns;
	json_int_t after;
};

/* A number is a place in the sequence; else it is a time. */
static int read_since(const char *text, struct reader *r, struct sp_err *err)
{
	if (!text || !*text || text[strspn(text, "0123456789")])
		return ctl_since_parse(text, &r->since_ns, err);
	errno = 0;
	r->after = strtoll(text, NULL, 10);
	if (!errno)
		return 0;
	sp_fail(err, SP_E_INVALID, "'%s' is no number of an event", text);
	sp_err_at(err, SP_STAGE_CLIENT);
	return sp_err_return(err);
}

/* Each of the types that --type names is one. */
static int check_types(const char *types, struct sp_err *err)
{
	autofree char *copy = types ? strdup(types) : NULL;
	char *rest = copy, *one;
	int r = 0;

	while (r == 0 && (one = strsep(&rest, ",")))
		r = wire_event_type_check(one, err);
	if (r < 0) {
		sp_err_prefix(err, "--type");
		sp_err_at(err, SP_STAGE_CLIENT);
	}
	return r;
}

/* The one type that the server can look for; of several it is asked for all. */
static const char *only_type(const struct reader *r)
{
	return r->types && !strchr(r->types, ',') ? r->types : NULL;
}

/* One of the types, or what it begins with. */
static bool is_meant(const struct reader *r, const char *type)
{
	const char *one = r->types;

	while (one) {
		size_t n = strcspn(one, ",");

		if (n && !strncmp(type, one, n))
			return true;
		one = one[n] ? one + n + 1 : NULL;
	}
	return !r->types;
}

static int fetch(struct reader *r, int64_t wait_ns, json_t **ret, struct wire_failure *fail)
{
	autobuf struct sp_buf url = SP_BUF_INIT;

	sp_buf_puts(&url, "/v1/events");
	ctl_url_query_int(&url, "after", r->after);
	ctl_url_query_int(&url, "limit", PAGE);
	ctl_url_query(&url, "stack", ctl_flag_str(r->args, "stack"));
	ctl_url_query(&url, "type", only_type(r));
	if (wait_ns)
		ctl_url_query_int(&url, "wait_ns", wait_ns);
	return ctl_get(r->ctl, url.data, ret, fail);
}

/* Of an operation's step which one it is, of what and where; other events say that in their
 * message. */
static void put_step(const json_t *e, struct sp_buf *line)
{
	const char *resource = ctl_json_text(e, "fields.resource"),
		   *node = ctl_json_text(e, "node");

	if (!sp_str_eq(ctl_json_text(e, "type"), "operation.step"))
		return;
	sp_buf_puts(line, ctl_json_text(e, "fields.name"));
	if (*resource && !sp_str_eq(resource, ctl_json_text(e, "stack")))
		sp_buf_printf(line, " %s", resource);
	if (*node)
		sp_buf_printf(line, " on %s", node);
	sp_buf_printf(line, " %s%s", ctl_json_text(e, "fields.state"),
		      *ctl_json_text(e, "message") ? ": " : "");
}

/* "42  2026-11-21T08:00:00.123Z  workload.exit  demo-db-1  message" */
static void print_text(const json_t *e)
{
	autobuf struct sp_buf line = SP_BUF_INIT, clean = SP_BUF_INIT;
	const char *at = ctl_json_text(e, "at"), *subject = ctl_json_text(e, "workload");

	if (!*subject)
		subject = ctl_json_text(e, "stack");
	if (!*subject)
		subject = ctl_json_text(e, "node");
	sp_buf_printf(&line, "%6lld  %.23sZ  %-25s %-20s ",
		      (long long)json_integer_value(json_object_get(e, "seq")), at,
		      ctl_json_text(e, "type"), subject);
	put_step(e, &line);
	sp_buf_puts(&line, ctl_json_text(e, "message"));
	ctl_clean(&clean, line.data ? line.data : "", false);
	puts(clean.data ? clean.data : "");
}

/* One object on each line, or one document after the other: both can be read while they grow. */
static void print_data(const struct reader *r, const json_t *e)
{
	autobuf struct sp_buf yaml = SP_BUF_INIT;
	autofree char *text = NULL;

	if (sp_str_eq(ctl_flag_str(r->args, "output"), "yaml")) {
		sp_buf_puts(&yaml, "---\n");
		ctl_yaml_write(e, &yaml);
		fputs(yaml.data ? yaml.data : "", stdout);
		return;
	}
	text = sp_json_text(e);
	puts(text ? text : "");
}

static int print_events(const struct reader *r, const json_t *page)
{
	json_t *e;
	size_t i;

	json_array_foreach (json_object_get(page, "events"), i, e) {
		int64_t at = INT64_MAX;

		sp_time_parse(ctl_json_text(e, "at"), &at, NULL);
		if (at < r->since_ns || !is_meant(r, ctl_json_text(e, "type")))
			continue;
		if (ctl_wants_table(r->args))
			print_text(e);
		else
			print_data(r, e);
	}
	return fflush(stdout);
}

static int run(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	struct reader reader = { .ctl = ctl, .args = args, .types = ctl_flag_str(args, "type") };
	bool follow = ctl_flag_on(args, "follow");
	int r = read_since(ctl_flag_str(args, "since"), &reader, &fail->err);

	if (r == 0)
		r = check_types(reader.types, &fail->err);
	if (r == 0)
		r = ctl_open(ctl, fail);
	if (r < 0)
		return r;
	ctl_interrupt_watch(ctl->http);
	for (int64_t wait_ns = 0;;) {
		autojson json_t *page = NULL;
		size_t n;

		r = fetch(&reader, wait_ns, &page, fail);
		if (r < 0)
			return ctl_interrupted() ? (int)CTL_EXIT_INTERRUPTED : r;
		n = json_array_size(json_object_get(page, "events"));
		reader.after = json_integer_value(json_object_get(page, "next"));
		if (print_events(&reader, page) != 0 || (!n && !follow))
			return 0;
		if (ctl_interrupted())
			return CTL_EXIT_INTERRUPTED;
		wait_ns = follow ? FOLLOW_NS : 0;
	}
}

const struct ctl_command ctl_cmd_events = {
	.name = "events",
	.args = "",
	.summary = "print what happened, oldest first",
	.details = "With -o json one object on each line, with -o yaml one document for each.",
	.flags = flags,
	.run = run,
};
