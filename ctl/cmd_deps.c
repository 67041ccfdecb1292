/* ctl deps show, check, order */
#include <stdio.h>

#include "base/json.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/deps_fetch.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "ctl/source.h"

static const struct ctl_flag flags[] = {
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* ---- show ---- */

static const struct ctl_column show_columns[] = {
	{ .title = "RESOURCE", .path = "id" },
	{ .title = "KIND", .path = "kind", .wide = true },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "DIRECT", .path = "direct" },
	{ .title = "INDIRECT", .path = "indirect" },
	{ .title = "DEPENDENTS", .path = "dependents" },
	{ .title = "COUNT", .path = "count" },
	{ .title = "DEPTH", .path = "depth" },
	{ .title = "VERSION", .path = "version", .wide = true },
	{ .title = "OUTPUTS", .path = "outputs", .wide = true },
	CTL_COLUMNS_END,
};

static int show(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	int r = ctl_deps_fetch(ctl, args, "/v1/deps", false, &document, fail);

	if (r < 0)
		return r;
	return ctl_print_list(args, document, json_object_get(document, "resources"), show_columns,
			      fail);
}

const struct ctl_command ctl_cmd_deps_show = {
	.name = "deps show",
	.args = "[STACK]...",
	.summary = "what stacks and their services depend on, and what depends on them",
	.details = "COUNT is direct and indirect together, DEPTH the longest chain below.",
	.flags = flags,
	.args_max = CTL_ARGS_MANY,
	.run = show,
};

/* ---- check ---- */

static const struct ctl_flag check_flags[] = {
	CTL_FLAGS_SOURCE,
	CTL_FLAG_OUTPUT("table|wide|json|yaml"),
	CTL_FLAGS_END,
};

/* " (stack.yaml:4:5)": where the entry of a file stands; nothing of what was deployed. */
static void say_place(const char *file, const json_t *entry)
{
	if (json_object_get(entry, "line"))
		printf(" (%s:%lld:%lld)", file,
		       (long long)json_integer_value(json_object_get(entry, "line")),
		       (long long)json_integer_value(json_object_get(entry, "column")));
}

static void say_circle(const char *file, const json_t *circle)
{
	const json_t *one;
	size_t i;

	printf("circle: ");
	json_array_foreach (json_object_get(circle, "path"), i, one)
		printf("%s%s", i ? " -> " : "", json_string_value(one));
	putchar('\n');
	json_array_foreach (json_object_get(circle, "cuts"), i, one) {
		printf("  way out: '%s' no longer requires '%s'", ctl_json_text(one, "from"),
		       ctl_json_text(one, "to"));
		say_place(file, one);
		putchar('\n');
	}
}

static void say_missing(const char *file, const json_t *one)
{
	const char *output = ctl_json_text(one, "output");

	printf("missing: '%s' requires %s '%s'%s%s%s", ctl_json_text(one, "stack"),
	       *output ? "of stack" : "the stack", ctl_json_text(one, "requires"),
	       *output ? " the output '" : "", output, *output ? "'" : "");
	say_place(file, one);
	putchar('\n');
}

static void say_findings(const char *file, const json_t *document)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(document, "cycles"), i, one)
		say_circle(file, one);
	json_array_foreach (json_object_get(document, "missing"), i, one)
		say_missing(file, one);
	json_array_foreach (json_object_get(document, "not_running"), i, one) {
		printf("not running: '%s', which '%s' requires", ctl_json_text(one, "requires"),
		       ctl_json_text(one, "stack"));
		say_place(file, one);
		putchar('\n');
	}
}

/* A file stands alone on the command line. */
static int check_file(struct ctl *ctl, const struct ctl_args *args, json_t **ret,
		      struct wire_failure *fail)
{
	json_t *bundle = NULL, *body;
	int r;

	if (args->n_positional > 1)
		return ctl_fail(fail, SP_E_INVALID, "'%s' is a file: check one at a time",
				args->positional[0]);
	r = ctl_source_bundle(args, args->positional[0], &bundle, fail);
	if (r < 0)
		return r;
	body = json_pack("{s:o}", "bundle", bundle);
	r = body ? ctl_call(ctl, "POST", "/v1/deps/check", body, ret, fail)
		 : sp_fail_nomem(&fail->err);
	json_decref(body);
	return r;
}

static int check(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	const char *file = args->n_positional ? args->positional[0] : "";
	autojson json_t *document = NULL;
	int r;
	bool ok;

	if (*file && ctl_source_is_file(file))
		r = check_file(ctl, args, &document, fail);
	else
		r = ctl_deps_fetch(ctl, args, "/v1/deps/check", false, &document, fail);
	if (r < 0)
		return r;
	ok = json_is_true(json_object_get(document, "ok"));
	if (!ctl_wants_table(args))
		r = ctl_print_document(args, document, fail);
	else
		say_findings(file, document);
	if (r == 0 && ok && ctl_wants_table(args))
		puts("no circles, and nothing that is required is missing");
	return r < 0 ? r : ok ? CTL_EXIT_OK : CTL_EXIT_INVALID;
}

const struct ctl_command ctl_cmd_deps_check = {
	.name = "deps check",
	.args = "[FILE | STACK...]",
	.summary = "find circles, with the ways out, and what is required and missing",
	.details = "With STACK: among these and all they depend on. With FILE: as if it were "
		   "deployed, and with the lines of the file. Exits 3 when there is any.",
	.flags = check_flags,
	.args_max = CTL_ARGS_MANY,
	.run = check,
};

/* ---- order ---- */

/* "12s", or what says that it is not known. */
static void put_takes(const json_t *ns, struct sp_buf *out)
{
	char text[SP_DURATION_MAX];

	if (!json_is_integer(ns))
		return;
	sp_duration_format(json_integer_value(ns), text);
	sp_buf_puts(out, text);
}

static void put_estimate(const json_t *row, struct sp_buf *out)
{
	put_takes(json_object_get(row, "estimate_ns"), out);
}

static const struct ctl_column order_columns[] = {
	{ .title = "NUMBER", .path = "number" },
	{ .title = "GROUP", .path = "group" },
	{ .title = "STACK", .path = "stack" },
	{ .title = "STATE", .path = "state", .state = true },
	{ .title = "TAKES", .text = put_estimate },
	CTL_COLUMNS_END,
};

/* One row a stack, each with the number of its group. */
static json_t *order_rows(const json_t *document)
{
	json_t *rows = json_array(), *group, *stack;
	size_t i, j;

	json_array_foreach (json_object_get(document, "groups"), i, group) {
		json_array_foreach (json_object_get(group, "stacks"), j, stack) {
			json_t *row = json_copy(stack);

			json_object_set(row, "group", json_object_get(group, "group"));
			json_array_append_new(rows, row);
		}
	}
	return rows;
}

static void say_estimate(const json_t *document)
{
	autobuf struct sp_buf group = SP_BUF_INIT, serial = SP_BUF_INIT;

	put_takes(json_object_get(document, "estimate_ns"), &group);
	put_takes(json_object_get(document, "estimate_serial_ns"), &serial);
	fprintf(stderr, "about %s group by group, %s one by one%s\n", group.data, serial.data,
		json_is_true(json_object_get(document, "estimate_complete"))
			? ""
			: ", without those that were never deployed");
}

static int order(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL, *rows = NULL;
	int r = ctl_deps_fetch(ctl, args, "/v1/deps/order", false, &document, fail);

	if (r < 0)
		return r;
	rows = order_rows(document);
	r = ctl_print_list(args, document, rows, order_columns, fail);
	if (r == 0 && ctl_wants_table(args))
		say_estimate(document);
	return r;
}

const struct ctl_command ctl_cmd_deps_order = {
	.name = "deps order",
	.args = "[STACK]...",
	.summary = "in which order to deploy stacks and all they require",
	.details =
		"Stacks of one group can be deployed at the same time. TAKES is the median of past "
		"deploys.",
	.flags = flags,
	.args_max = CTL_ARGS_MANY,
	.run = order,
};
