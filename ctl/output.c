/* Results on stdout; see output.h. */
#include "ctl/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/table.h"
#include "ctl/yaml.h"

json_t *ctl_json_at(const json_t *value, const char *path)
{
	while (value && *path) {
		char name[64];
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		value = json_object_get(value, name);
		path += len + (path[len] == '.');
	}
	return (json_t *)value;
}

const char *ctl_json_text(const json_t *value, const char *path)
{
	const char *s = json_string_value(ctl_json_at(value, path));

	return s ? s : "";
}

static const char *format_of(const struct ctl_args *args)
{
	const char *format = ctl_flag_str(args, "output");

	return format ? format : "table";
}

bool ctl_wants_table(const struct ctl_args *args)
{
	const char *format = format_of(args);

	return !strcmp(format, "table") || !strcmp(format, "wide");
}

int ctl_print_document(const struct ctl_args *args, const json_t *document,
		       struct wire_failure *fail)
{
	autobuf struct sp_buf out = SP_BUF_INIT;
	autofree char *text = NULL;

	if (!strcmp(format_of(args), "yaml")) {
		ctl_yaml_write(document, &out);
	} else {
		text = json_dumps(document, JSON_INDENT(2) | JSON_ENCODE_ANY);
		if (!text)
			return sp_fail_nomem(&fail->err);
		sp_buf_printf(&out, "%s\n", text);
	}
	if (sp_buf_check(&out, &fail->err) < 0)
		return sp_err_return(&fail->err);
	fwrite(out.data, 1, out.len, stdout);
	return 0;
}

void ctl_put_value(const json_t *value, struct sp_buf *out)
{
	json_t *item;
	size_t i;

	if (json_is_string(value)) {
		sp_buf_puts(out, json_string_value(value));
	} else if (json_is_integer(value)) {
		sp_buf_printf(out, "%lld", (long long)json_integer_value(value));
	} else if (json_is_boolean(value)) {
		sp_buf_puts(out, json_is_true(value) ? "yes" : "no");
	} else if (json_is_array(value)) {
		json_array_foreach (value, i, item) {
			sp_buf_puts(out, i ? "," : "");
			ctl_put_value(item, out);
		}
	}
}

void ctl_put_age(const char *stamp, struct sp_buf *out)
{
	char text[SP_DURATION_MAX];
	int64_t at, age;

	if (!*stamp || sp_time_parse(stamp, &at, NULL) < 0)
		return;
	age = sp_time_real_ns() - at;
	if (age > SP_NS_PER_S)
		age -= age % SP_NS_PER_S;
	sp_duration_format(age > 0 ? age : 0, text);
	sp_buf_puts(out, text);
}

void ctl_put_took(const char *from, const char *to, struct sp_buf *out)
{
	char text[SP_DURATION_MAX];
	int64_t from_ns, to_ns;

	if (sp_time_parse(from, &from_ns, NULL) < 0 || sp_time_parse(to, &to_ns, NULL) < 0)
		return;
	sp_duration_format((to_ns - from_ns) / SP_NS_PER_MS * SP_NS_PER_MS, text);
	sp_buf_puts(out, text);
}

void ctl_put_bytes(json_int_t bytes, struct sp_buf *out)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1000 && unit + 1 < SP_COUNT(units); unit++)
		value /= 1000;
	sp_buf_printf(out, value < 10 && unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void write_cell(const struct ctl_column *c, const json_t *row, struct sp_buf *out)
{
	if (c->path)
		ctl_put_value(ctl_json_at(row, c->path), out);
	else
		c->text(row, out);
}

static int add_cell(struct ctl_table *t, const struct ctl_column *c, const json_t *row,
		    struct wire_failure *fail)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	const char *s;

	write_cell(c, row, &text);
	if (sp_buf_check(&text, &fail->err) < 0)
		return sp_err_return(&fail->err);
	s = text.data ? text.data : "";
	ctl_table_cell(t, c->state ? ctl_style_of_state(s) : CTL_PLAIN, s);
	return 0;
}

/* A long message must not make every line of a terminal wrap; -o wide has it whole. */
static void fit_terminal(struct ctl_table *t)
{
	uint16_t rows, columns;

	if (!ctl_is_terminal(stdout))
		return;
	ctl_terminal_size(STDOUT_FILENO, &rows, &columns);
	ctl_table_fit(t, columns);
}

int ctl_print_list(const struct ctl_args *args, const json_t *document, const json_t *rows,
		   const struct ctl_column *columns, struct wire_failure *fail)
{
	auto_(ctl_table_free) struct ctl_table *t = NULL;
	bool wide = !strcmp(format_of(args), "wide");
	const char *titles[CTL_COLUMNS_MAX + 1];
	json_t *row;
	size_t i, n = 0;
	int r;

	if (!ctl_wants_table(args))
		return ctl_print_document(args, document, fail);
	for (const struct ctl_column *c = columns; c->title; c++)
		if (wide || !c->wide)
			titles[n++] = c->title;
	titles[n] = NULL;
	r = ctl_table_new(titles, &t, &fail->err);
	json_array_foreach (rows, i, row)
		for (const struct ctl_column *c = columns; c->title && r == 0; c++)
			if (wide || !c->wide)
				r = add_cell(t, c, row, fail);
	if (r == 0 && !wide)
		fit_terminal(t);
	return r < 0 ? r : ctl_table_print(t, stdout, &fail->err);
}

int ctl_print_object(const struct ctl_args *args, const json_t *object,
		     const struct ctl_column *columns, struct wire_failure *fail)
{
	if (!ctl_wants_table(args))
		return ctl_print_document(args, object, fail);
	for (const struct ctl_column *c = columns; c->title; c++) {
		autobuf struct sp_buf text = SP_BUF_INIT, clean = SP_BUF_INIT;

		write_cell(c, object, &text);
		ctl_clean(&clean, text.data ? text.data : "", false);
		if (sp_buf_check(&text, &fail->err) < 0 || sp_buf_check(&clean, &fail->err) < 0)
			return sp_err_return(&fail->err);
		printf("%-14s %s\n", c->title, clean.len ? clean.data : "-");
	}
	return 0;
}
