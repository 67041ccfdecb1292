/* Structured log; see log.h. */
#include "base/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"

/* A line is cut here, so that one write(2) to a pipe stays whole (PIPE_BUF is 4096). */
#define LINE_MAX_BYTES 4000

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static const char *program_name = "stackpilot";
static enum sp_log_level least_level = SP_LOG_INFO;
static bool terminal;
static atomic_uint_fast64_t dropped;

void sp_log_open(const char *program, enum sp_log_level least)
{
	program_name = program;
	least_level = least;
	terminal = isatty(STDERR_FILENO);
}

int sp_log_level_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(level_names) / sizeof(level_names[0])); i++)
		if (!strcmp(level_names[i], name))
			return i;
	return -1;
}

static void put_json_string(struct sp_buf *line, const char *s)
{
	sp_buf_putc(line, '"');
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			sp_buf_printf(line, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			sp_buf_printf(line, "\\u%04x", c);
		else
			sp_buf_putc(line, (char)c);
	}
	sp_buf_putc(line, '"');
}

/* logfmt needs quotes only where a bare word would be misread. */
static void put_word(struct sp_buf *line, const char *s)
{
	bool bare = s && *s;

	for (const char *p = s; bare && *p; p++)
		bare = (unsigned char)*p > ' ' && *p != '"' && *p != '=' && *p != 0x7f;
	if (bare)
		sp_buf_puts(line, s);
	else
		put_json_string(line, s);
}

static void put_value(struct sp_buf *line, const struct sp_log_field *f)
{
	char text[SP_DURATION_MAX];

	switch (f->type) {
	case SP_LOG_STR:
		if (terminal)
			put_word(line, f->s);
		else
			put_json_string(line, f->s);
		break;
	case SP_LOG_INT:
		sp_buf_printf(line, "%" PRId64, f->i);
		break;
	case SP_LOG_BOOL:
		sp_buf_puts(line, f->i ? "true" : "false");
		break;
	case SP_LOG_NS:
		sp_duration_format(f->i, text);
		if (terminal)
			sp_buf_puts(line, text);
		else
			put_json_string(line, text);
		break;
	case SP_LOG_SECRET:
		sp_buf_puts(line, terminal ? "[redacted]" : "\"[redacted]\"");
		break;
	case SP_LOG_END:
		break;
	}
}

static void put_field(struct sp_buf *line, const struct sp_log_field *f)
{
	if (terminal)
		sp_buf_printf(line, " %s=", f->key);
	else
		sp_buf_printf(line, ",\"%s\":", f->key);
	put_value(line, f);
}

static void emit(struct sp_buf *line)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (line->error || poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT) ||
	    write(STDERR_FILENO, line->data, line->len) != (ssize_t)line->len)
		atomic_fetch_add(&dropped, 1);
}

void sp_log_write(enum sp_log_level level, const char *event, const struct sp_log_field *fields)
{
	autobuf struct sp_buf line = SP_BUF_INIT;
	char stamp[SP_TIME_STAMP_MAX];
	uint64_t lost;

	if (level < least_level)
		return;
	sp_time_format(sp_time_real_ns(), stamp);
	if (terminal)
		sp_buf_printf(&line, "%s %-5s %s %s", stamp, level_names[level], program_name,
			      event);
	else
		sp_buf_printf(
			&line,
			"{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\"",
			stamp, level_names[level], program_name, event);
	lost = atomic_exchange(&dropped, 0);
	if (lost)
		put_field(&line, &SP_INT("dropped_lines", lost));
	for (; fields->type != SP_LOG_END && line.len < LINE_MAX_BYTES; fields++)
		put_field(&line, fields);
	sp_buf_puts(&line, terminal ? "\n" : "}\n");
	emit(&line);
}
