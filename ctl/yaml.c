/* YAML out of JSON; see yaml.h. Strings that could be read as anything else are quoted as JSON
 * does, which is valid YAML. */
#include "ctl/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Words that YAML 1.1 or 1.2 readers take for null or a boolean. */
static bool is_reserved(const char *s)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no",
					     "on",   "off",  "y",     "n",   "~" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(s, words[i]))
			return true;
	return false;
}

/* Begins with a letter and holds only characters without a meaning in YAML. */
static bool is_plain(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '/')
		return false;
	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("/-_.+=@ ", *s))
			return false;
		if (*s == ' ' && (s[1] == ' ' || s[1] == '\0'))
			return false;
	}
	return true;
}

static void write_string(const char *s, struct sp_buf *out)
{
	json_t *j;
	char *text;

	if (is_plain(s) && !is_reserved(s)) {
		sp_buf_puts(out, s);
		return;
	}
	j = json_string(s);
	text = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
	if (text)
		sp_buf_puts(out, text);
	else
		out->error = out->error ? out->error : -ENOMEM;
	free(text);
	json_decref(j);
}

static void write_scalar(const json_t *v, struct sp_buf *out)
{
	char *text;

	if (json_is_string(v)) {
		write_string(json_string_value(v), out);
		return;
	}
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT); /* numbers, true, {}, [] */
	if (text)
		sp_buf_puts(out, text);
	else
		out->error = out->error ? out->error : -ENOMEM;
	free(text);
}

static bool is_block(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

static void write_block(const json_t *v, size_t indent, bool at_dash, struct sp_buf *out);

static void write_indent(size_t indent, struct sp_buf *out)
{
	sp_buf_printf(out, "%*s", (int)indent, "");
}

static void write_member(const char *key, const json_t *v, size_t indent, struct sp_buf *out)
{
	write_string(key, out);
	sp_buf_putc(out, ':');
	if (is_block(v)) {
		sp_buf_putc(out, '\n');
		write_block(v, json_is_array(v) ? indent : indent + 2, false, out);
		return;
	}
	sp_buf_putc(out, ' ');
	write_scalar(v, out);
	sp_buf_putc(out, '\n');
}

static void write_item(const json_t *v, size_t indent, struct sp_buf *out)
{
	sp_buf_puts(out, "- ");
	if (is_block(v)) {
		write_block(v, indent + 2, true, out);
		return;
	}
	write_scalar(v, out);
	sp_buf_putc(out, '\n');
}

/* at_dash: the first line goes on behind a "- " that is already there. */
static void write_block(const json_t *v, size_t indent, bool at_dash, struct sp_buf *out)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach ((json_t *)v, key, member) {
		if (!at_dash)
			write_indent(indent, out);
		at_dash = false;
		write_member(key, member, indent, out);
	}
	json_array_foreach (v, i, member) {
		if (!at_dash)
			write_indent(indent, out);
		at_dash = false;
		write_item(member, indent, out);
	}
}

void ctl_yaml_write(const json_t *value, struct sp_buf *out)
{
	if (is_block(value)) {
		write_block(value, 0, false, out);
		return;
	}
	write_scalar(value, out);
	sp_buf_putc(out, '\n');
}
