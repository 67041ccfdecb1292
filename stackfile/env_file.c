/* Env files; see env_file.h. */
#include "stackfile/env_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "stackfile/arena.h"
#include "stackfile/env_list.h"
#include "stackfile/interpolate.h"

struct scan {
	const struct env_file *f;
	const char *at;         /* what is still to be read */
	const char *line_start; /* of the line `at` is in */
	uint32_t line;
	char ***list;
};

static void refuse(struct scan *s, const char *at, uint32_t line, enum stack_code code,
		   const char *message)
{
	struct stack_finding finding = {
		.severity = STACK_ERROR,
		.code = code,
		.file = s->f->file,
		.at = { line, at >= s->line_start ? (uint32_t)(at - s->line_start) + 1 : 1 },
		.key = s->f->key,
	};

	stack_report_add(s->f->report, &finding, "%s", message);
}

static const char *lookup(void *state, const char *name)
{
	struct scan *s = state;
	const char *value = s->f->resolver->variable(s->f->resolver->state, name);

	return value ? value : env_list_get(*s->list, name);
}

static void skip_line(struct scan *s)
{
	s->at += strcspn(s->at, "\n");
	if (*s->at) {
		s->at++;
		s->line++;
		s->line_start = s->at;
	}
}

static void skip_blanks(struct scan *s)
{
	s->at += strspn(s->at, " \t\r");
}

/* The part of a bare value before a comment and trailing blanks. */
static size_t bare_length(const char *s)
{
	size_t n = strcspn(s, "\n");

	for (size_t i = 0; i < n; i++)
		if (s[i] == '#' && (i == 0 || s[i - 1] == ' ' || s[i - 1] == '\t'))
			n = i;
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	return n;
}

/*
 * A double-quoted value up to its quote, escapes taken away. What a backslash protects from
 * interpolation is written as "$$", so that interpolate() gives it back.
 */
static const char *double_quoted(const char *s, struct sp_buf *raw)
{
	static const char from[] = "nrt", to[] = "\n\r\t";

	for (; *s && *s != '"'; s++) {
		const char *c;

		if (*s != '\\' || !s[1]) {
			sp_buf_putc(raw, *s);
			continue;
		}
		s++;
		c = strchr(from, *s);
		if (c)
			sp_buf_putc(raw, to[c - from]);
		else if (*s == '$')
			sp_buf_puts(raw, "$$");
		else if (*s == '"' || *s == '\\')
			sp_buf_putc(raw, *s);
		else
			sp_buf_printf(raw, "\\%c", *s);
	}
	return *s ? s : NULL;
}

/* The text of a value and whether variables count in it; the scan stands behind it. */
static bool value_read(struct scan *s, struct sp_buf *raw, bool *ret_literal)
{
	const char *start = s->at, *end;
	char quote = *start;

	*ret_literal = quote == '\'';
	if (quote != '\'' && quote != '"') {
		size_t n = bare_length(start);

		sp_buf_append(raw, start, n);
		s->at += n;
		return true;
	}
	if (quote == '\'') {
		end = strchr(start + 1, '\'');
		if (end)
			sp_buf_append(raw, start + 1, (size_t)(end - start - 1));
	} else {
		end = double_quoted(start + 1, raw);
	}
	if (!end) {
		refuse(s, start, s->line, STACK_CODE_SYNTAX, "has a quote that is not closed");
		s->at += strlen(s->at);
		return false;
	}
	for (const char *c = start; c < end; c++)
		if (*c == '\n') {
			s->line++;
			s->line_start = c + 1;
		}
	s->at = end + 1;
	return true;
}

static void assign(struct scan *s, const char *name, const char *at, uint32_t line)
{
	struct interpolate_vars vars = { .lookup = lookup, .state = s };
	struct interpolate_problem problem;
	autobuf struct sp_buf raw = { 0 }, value = { .limit = STACK_FILE_MAX };
	bool literal;

	if (!value_read(s, &raw, &literal))
		return;
	if (literal)
		sp_buf_puts(&value, raw.data ? raw.data : "");
	else if (interpolate(raw.data ? raw.data : "", &vars, &value, &problem) != INTERPOLATE_OK)
		refuse(s, at, line, STACK_CODE_VARIABLE,
		       "has a '$' that starts no variable, or a required one that is not set");
	if (value.error == -E2BIG)
		refuse(s, at, line, STACK_CODE_LIMIT, "has a value longer than 1 MiB");
	else if (value.error)
		s->f->report->no_memory = 1;
	else
		env_list_set(s->f->arena, s->list, name, value.data ? value.data : "");
}

static void take_from_client(struct scan *s, const char *name)
{
	const char *value = s->f->resolver->variable(s->f->resolver->state, name);

	if (value)
		env_list_set(s->f->arena, s->list, name, value);
}

static void rest_refuse(struct scan *s)
{
	skip_blanks(s);
	if (*s->at && *s->at != '\n' && *s->at != '#')
		refuse(s, s->at, s->line, STACK_CODE_SYNTAX, "has text after the closing quote");
	skip_line(s);
}

/* One line that is neither blank nor a comment. */
static void line_read(struct scan *s)
{
	const char *start = s->at;
	uint32_t line = s->line;
	size_t n;
	char *name;

	if (!strncmp(s->at, "export", 6) && (s->at[6] == ' ' || s->at[6] == '\t')) {
		s->at += 6;
		skip_blanks(s);
		start = s->at;
	}
	n = strcspn(s->at, "= \t\r\n#");
	name = stack_arena_copy(s->f->arena, s->at, n);
	s->at += n;
	skip_blanks(s);
	if (!name || !env_name_valid(name, n)) {
		refuse(s, start, line, STACK_CODE_SYNTAX, "has a line that is not NAME=value");
		skip_line(s);
	} else if (*s->at == '=') {
		s->at++;
		s->at += strspn(s->at, " \t");
		assign(s, name, start, line);
		rest_refuse(s);
	} else if (!*s->at || *s->at == '\n' || *s->at == '#') {
		take_from_client(s, name);
		skip_line(s);
	} else {
		refuse(s, start, line, STACK_CODE_SYNTAX, "has a line that is not NAME=value");
		skip_line(s);
	}
}

void env_file_read(const struct env_file *f, const char *text, char ***list)
{
	struct scan s = { .f = f, .at = text, .line_start = text, .line = 1, .list = list };
	size_t lines = 0;

	if (!strncmp(text, "\xEF\xBB\xBF", 3)) /* a byte order mark */
		s.at += 3;
	while (*s.at) {
		skip_blanks(&s);
		if (!*s.at || *s.at == '\n' || *s.at == '#') {
			skip_line(&s);
			continue;
		}
		if (++lines > ENV_FILE_LINES_MAX) {
			refuse(&s, s.at, s.line, STACK_CODE_LIMIT, "has more than 4096 variables");
			return;
		}
		line_read(&s);
	}
}
