/* ctl deps graph */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/deps_fetch.h"
#include "ctl/deps_graph.h"
#include "ctl/render.h"

static const struct ctl_flag flags[] = {
	{ .name = "format",
	  .letter = 'f',
	  .type = CTL_CHOICE,
	  .value = "dot|mermaid|svg|png",
	  .help = "language or picture; default dot" },
	{ .name = "out",
	  .type = CTL_STRING,
	  .value = "FILE",
	  .help = "write there, not to stdout" },
	{ .name = "show-versions",
	  .type = CTL_BOOL,
	  .help = "with the revisions of stacks and the images of services" },
	{ .name = "full-tree",
	  .type = CTL_BOOL,
	  .help = "with the services and tasks inside of each stack" },
	CTL_FLAGS_END,
};

static struct deps_graph_conf conf_of(const struct ctl_args *args)
{
	return (struct deps_graph_conf){ ctl_flag_on(args, "show-versions"),
					 ctl_flag_on(args, "full-tree") };
}

static void say_counts(const struct ctl_args *args, const json_t *document)
{
	struct deps_graph_conf conf = conf_of(args);
	struct deps_graph_counts c;

	deps_graph_count(document, &conf, &c);
	fprintf(stderr, "%zu stacks, ", c.stacks);
	if (conf.tree)
		fprintf(stderr, "%zu services, %zu tasks, ", c.services, c.tasks);
	fprintf(stderr, "%zu dependencies, depth %lld, %zu missing, %zu on circles\n",
		c.dependencies, c.depth, c.missing, c.circular);
}

static int write_out(const char *path, const struct sp_buf *data, struct wire_failure *fail)
{
	FILE *out = path ? fopen(path, "we") : stdout;
	bool written;

	if (!out)
		return ctl_fail(fail, SP_E_INVALID, "'%s' cannot be written", path);
	written = fwrite(data->data, 1, data->len, out) == data->len && fflush(out) == 0;
	if (path)
		written &= fclose(out) == 0;
	return written ? 0
		       : ctl_fail(fail, SP_E_SYSTEM, "'%s' cannot be written",
				  path ? path : "stdout");
}

static int draw(const struct ctl_args *args, const json_t *document, struct sp_buf *out,
		struct wire_failure *fail)
{
	struct deps_graph_conf conf = conf_of(args);
	const char *format = ctl_flag_str(args, "format");
	autobuf struct sp_buf dot = SP_BUF_INIT;

	if (sp_str_eq(format, "mermaid")) {
		deps_graph_mermaid(document, &conf, out);
		return sp_buf_check(out, &fail->err);
	}
	deps_graph_dot(document, &conf, &dot);
	if (sp_buf_check(&dot, &fail->err) < 0)
		return sp_err_return(&fail->err);
	if (format && !sp_str_eq(format, "dot"))
		return ctl_render(dot.data, format, out, &fail->err);
	sp_buf_append(out, dot.data, dot.len);
	return sp_buf_check(out, &fail->err);
}

static int graph(struct ctl *ctl, const struct ctl_args *args, struct wire_failure *fail)
{
	autojson json_t *document = NULL;
	autobuf struct sp_buf out = SP_BUF_INIT;
	const char *path = ctl_flag_str(args, "out");
	int r;

	if (!path && sp_str_eq(ctl_flag_str(args, "format"), "png") && isatty(STDOUT_FILENO))
		return ctl_fail(fail, SP_E_INVALID, "a picture is not for a terminal: give --out");
	r = ctl_deps_fetch(ctl, args, "/v1/deps", true, &document, fail);
	if (r == 0)
		r = draw(args, document, &out, fail);
	if (r == 0)
		r = write_out(path, &out, fail);
	if (r == 0)
		say_counts(args, document);
	return r;
}

const struct ctl_command ctl_cmd_deps_graph = {
	.name = "deps graph",
	.args = "[STACK]...",
	.summary = "draw the dependencies as DOT, mermaid, SVG or PNG",
	.details =
		"Of the stacks given and all they require, or of all; the counts of what is drawn go to standard error.",
	.flags = flags,
	.args_max = CTL_ARGS_MANY,
	.run = graph,
};
