/* Plans for people; see plan.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/plan.h"
#include "ctl/table.h"
#include "ctl/terminal.h"

#define DIGEST_SHOWN 19 /* "sha256:" and twelve digits */
#define VALUE_MAX    160

struct widths {
	size_t name, node;
};

struct printing {
	struct sp_buf *out;
	bool wide, colours;
};

void ctl_pad(struct sp_buf *out, size_t from, size_t to)
{
	for (; from < to; from++)
		sp_buf_putc(out, ' ');
}

static void put_styled(struct sp_buf *out, enum ctl_style style, bool colours, const char *text)
{
	sp_buf_puts(out, colours ? ctl_style_on(style) : "");
	ctl_clean(out, text, false);
	sp_buf_puts(out, colours ? ctl_style_off(style) : "");
}

void ctl_sign_put(const char *sign, bool colours, struct sp_buf *out)
{
	enum ctl_style style = *sign == '+'   ? CTL_GREEN
			       : *sign == '-' ? CTL_RED
			       : *sign == '~' ? CTL_YELLOW
					      : CTL_PLAIN;

	put_styled(out, style, colours, sign);
}

static void put_text(const char *text, bool whole, struct sp_buf *out)
{
	bool digest = sp_str_starts(text, "sha256:") && strlen(text) > DIGEST_SHOWN;

	if (!*text)
		sp_buf_puts(out, "\"\"");
	else if (digest && !whole)
		sp_buf_append(out, text, DIGEST_SHOWN);
	else
		sp_buf_puts(out, text);
}

/* 2000000000 of "interval_ns" is "2s". */
static void put_number(const char *path, json_int_t value, struct sp_buf *out)
{
	char duration[SP_DURATION_MAX];

	if (sp_str_ends(path, "_ns") && value >= 0) {
		sp_duration_format(value, duration);
		sp_buf_puts(out, duration);
	} else if (sp_str_ends(path, "_bytes")) {
		ctl_put_bytes(value, out);
	} else {
		sp_buf_printf(out, "%lld", (long long)value);
	}
}

static void put_value(const char *path, const json_t *value, bool whole, struct sp_buf *out)
{
	autobuf struct sp_buf text = SP_BUF_INIT;

	if (json_is_string(value)) {
		put_text(json_string_value(value), whole, &text);
	} else if (json_is_integer(value)) {
		put_number(path, json_integer_value(value), &text);
	} else {
		char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		sp_buf_puts(&text, json ? json : "?");
		free(json);
	}
	if (!whole && text.len > VALUE_MAX) {
		text.data[VALUE_MAX] = '\0';
		sp_buf_printf(out, "%s...", text.data);
	} else {
		ctl_clean(out, text.data ? text.data : "", false);
	}
}

static size_t widest_path(const json_t *changes)
{
	size_t i, widest = 0;
	const json_t *one;

	json_array_foreach (changes, i, one) {
		size_t width = ctl_text_width(ctl_json_text(one, "path"));

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void put_change(const json_t *change, size_t column, const struct ctl_changes_style *style,
		       struct sp_buf *out)
{
	const char *path = ctl_json_text(change, "path");
	const json_t *before = json_object_get(change, "before");
	const json_t *after = json_object_get(change, "after");

	sp_buf_puts(out, "      ");
	ctl_sign_put(!before ? "+" : !after ? "-" : "~", style->colours, out);
	sp_buf_putc(out, ' ');
	ctl_clean(out, path, false);
	ctl_pad(out, ctl_text_width(path), column + 2);
	if (before)
		put_value(path, before, style->whole, out);
	if (before && after)
		sp_buf_puts(out, " -> ");
	if (after)
		put_value(path, after, style->whole, out);
	if (before && after && json_is_true(json_object_get(change, "sensitive")))
		sp_buf_puts(out, ", changed");
	sp_buf_putc(out, '\n');
}

void ctl_changes_put(const json_t *changes, const struct ctl_changes_style *style,
		     struct sp_buf *out)
{
	size_t i, column = widest_path(changes);
	const json_t *one;

	json_array_foreach (changes, i, one) {
		put_change(one, column, style, out);
	}
}

void ctl_differing_put(const json_t *list, const struct ctl_changes_style *style,
		       struct sp_buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		sp_buf_puts(out, "  ");
		ctl_sign_put(ctl_json_text(one, "sign"), style->colours, out);
		sp_buf_putc(out, ' ');
		ctl_clean(out, ctl_json_text(one, "id"), false);
		sp_buf_putc(out, '\n');
		ctl_changes_put(json_object_get(one, "changes"), style, out);
	}
}

/* Of what is new only its image is news; -o wide shows all. */
static void put_fields(const struct printing *p, const json_t *action)
{
	struct ctl_changes_style style = { .colours = p->colours, .whole = p->wide };
	const char *sign = ctl_json_text(action, "sign");
	const json_t *changes = json_object_get(action, "changes"), *one;
	size_t i;

	if (p->wide || *sign == '~') {
		ctl_changes_put(changes, &style, p->out);
		return;
	}
	json_array_foreach (changes, i, one) {
		if (*sign == '+' && sp_str_eq(ctl_json_text(one, "path"), "image"))
			put_change(one, strlen("image"), &style, p->out);
	}
}

/* Why there, and why not elsewhere: of what is placed anew. */
static void put_places(const struct printing *p, const json_t *action)
{
	bool moves = json_object_get(action, "from") != NULL;
	const json_t *one;
	size_t i;

	if (*ctl_json_text(action, "sign") != '+' && !moves && !p->wide)
		return;
	json_array_foreach (json_object_get(action, "placement"), i, one) {
		autobuf struct sp_buf text = SP_BUF_INIT;

		sp_buf_printf(&text, "%s %s", ctl_json_text(one, "node"),
			      ctl_json_text(one, "reason"));
		sp_buf_puts(p->out,
			    json_is_true(json_object_get(one, "chosen")) ? "      @ " : "        ");
		put_styled(p->out, CTL_DIM, p->colours, text.data ? text.data : "");
		sp_buf_putc(p->out, '\n');
	}
}

static bool is_shown(const struct printing *p, const json_t *action, const char *resource)
{
	return sp_str_eq(ctl_json_text(action, "resource"), resource) &&
	       *ctl_json_text(action, "sign") != ' ' &&
	       (p->wide || !sp_str_eq(ctl_json_text(action, "kind"), "refresh"));
}

static struct widths measure(const struct printing *p, const json_t *actions, const char *resource)
{
	struct widths w = { 0 };
	const json_t *one;
	size_t i;

	json_array_foreach (actions, i, one) {
		size_t name = ctl_text_width(ctl_json_text(one, "name"));
		size_t node = ctl_text_width(ctl_json_text(one, "node"));

		if (!is_shown(p, one, resource))
			continue;
		w.name = name > w.name ? name : w.name;
		w.node = node > w.node ? node : w.node;
	}
	return w;
}

static void put_action(const struct printing *p, const json_t *action, const struct widths *w)
{
	const char *name = ctl_json_text(action, "name"), *node = ctl_json_text(action, "node");

	sp_buf_puts(p->out, "  ");
	ctl_sign_put(ctl_json_text(action, "sign"), p->colours, p->out);
	sp_buf_putc(p->out, ' ');
	put_styled(p->out, CTL_BOLD, p->colours, name);
	ctl_pad(p->out, ctl_text_width(name), w->name + 2);
	ctl_clean(p->out, node, false);
	ctl_pad(p->out, ctl_text_width(node), w->node + 2);
	ctl_clean(p->out, ctl_json_text(action, "reason"), false);
	sp_buf_putc(p->out, '\n');
	put_fields(p, action);
	put_places(p, action);
}

static void put_section(const struct printing *p, const json_t *plan, const char *title,
			const char *resource)
{
	const json_t *actions = json_object_get(plan, "actions"), *one;
	struct widths w = measure(p, actions, resource);
	size_t i;

	if (!w.name)
		return;
	put_styled(p->out, CTL_BOLD, p->colours, title);
	sp_buf_putc(p->out, '\n');
	json_array_foreach (actions, i, one) {
		if (is_shown(p, one, resource))
			put_action(p, one, &w);
	}
}

static long long count(const json_t *plan, const char *key)
{
	return (long long)json_integer_value(
		json_object_get(json_object_get(plan, "summary"), key));
}

static size_t refreshed(const json_t *plan)
{
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach (json_object_get(plan, "actions"), i, one) {
		n += sp_str_eq(ctl_json_text(one, "kind"), "refresh");
	}
	return n;
}

static void put_summary(const struct printing *p, const json_t *plan)
{
	size_t n = refreshed(plan);

	sp_buf_printf(p->out,
		      "plan: %lld to create, %lld to update, %lld to remove, %lld unchanged; "
		      "%lld image%s to pull",
		      count(plan, "create"), count(plan, "update"), count(plan, "remove"),
		      count(plan, "unchanged"), count(plan, "pull"),
		      count(plan, "pull") == 1 ? "" : "s");
	if (n)
		sp_buf_printf(p->out, "; %zu learn%s the others' addresses", n, n == 1 ? "s" : "");
	sp_buf_putc(p->out, '\n');
}

const char *const ctl_plan_said[] = {
	"tasks", "outputs", "policy", "requires", "drift_ignore", NULL
};

static void put_said(const struct printing *p, const json_t *plan)
{
	struct ctl_changes_style style = { .colours = p->colours, .whole = p->wide };
	bool any = false;

	for (size_t i = 0; ctl_plan_said[i]; i++)
		any |= json_array_size(json_object_get(plan, ctl_plan_said[i])) > 0;
	if (any)
		put_styled(p->out, CTL_BOLD, p->colours, "settings");
	if (any)
		sp_buf_putc(p->out, '\n');
	for (size_t i = 0; ctl_plan_said[i]; i++)
		ctl_differing_put(json_object_get(plan, ctl_plan_said[i]), &style, p->out);
}

void ctl_plan_print(const json_t *plan, bool wide, struct sp_buf *out)
{
	struct printing p = { out, wide, ctl_colours(stdout) };

	if (!json_is_true(ctl_json_at(plan, "summary.changes"))) {
		sp_buf_printf(out,
			      "stack '%s' is what its file says: nothing to do (%lld unchanged)\n",
			      ctl_json_text(plan, "stack"), count(plan, "unchanged"));
		return;
	}
	if (!count(plan, "create") && !count(plan, "update") && !count(plan, "remove"))
		sp_buf_printf(out,
			      "stack '%s': no service changes, but its file does; it becomes "
			      "revision %lld\n",
			      ctl_json_text(plan, "stack"),
			      (long long)json_integer_value(json_object_get(plan, "serial")) + 1);
	put_section(&p, plan, "workloads", "workload");
	put_section(&p, plan, "tasks", "task");
	put_section(&p, plan, "images", "image");
	put_section(&p, plan, "volumes", "volume");
	put_section(&p, plan, "ports", "port");
	put_said(&p, plan);
	sp_buf_putc(out, '\n');
	put_summary(&p, plan);
}
