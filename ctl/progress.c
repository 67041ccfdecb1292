/* The progress of an operation; see progress.h. */
#include "ctl/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/output.h"
#include "ctl/table.h"

#define LIVE_MAX 12                 /* running steps shown at once */
#define STILL_NS (10 * SP_NS_PER_S) /* without a terminal: a sign of life for a long step */

struct ctl_progress {
	FILE *out;
	bool live, colours;
	size_t live_lines; /* on the screen now, to be drawn over */
	char *reported;    /* one byte a step: its end was printed */
	size_t n_reported;
	int64_t last_sign_ns; /* when anything was printed last */
};

int ctl_progress_new(FILE *out, struct ctl_progress **ret, struct sp_err *err)
{
	struct ctl_progress *p = calloc(1, sizeof(*p));

	if (!p)
		return sp_fail_nomem(err);
	p->out = out;
	p->live = ctl_is_terminal(out);
	p->colours = ctl_colours(out);
	p->last_sign_ns = sp_time_mono_ns();
	*ret = p;
	return 0;
}

/* Wipe the live lines; the cursor is then where the first one was. */
static void wipe(struct ctl_progress *p)
{
	if (p->live_lines)
		fprintf(p->out, "\033[%zuA\033[J", p->live_lines);
	p->live_lines = 0;
}

void ctl_progress_free(struct ctl_progress *p)
{
	if (!p)
		return;
	wipe(p);
	fflush(p->out);
	free(p->reported);
	free(p);
}

static bool is_over(const char *state)
{
	return sp_str_eq(state, "done") || sp_str_eq(state, "failed") ||
	       sp_str_eq(state, "skipped") || sp_str_eq(state, "interrupted");
}

static void put_elapsed(const json_t *step, struct sp_buf *line)
{
	char text[SP_DURATION_MAX];
	int64_t from, to = sp_time_real_ns();

	if (sp_time_parse(ctl_json_text(step, "started_at"), &from, NULL) < 0)
		return;
	sp_time_parse(ctl_json_text(step, "finished_at"), &to, NULL);
	if (to < from)
		return;
	sp_duration_format((to - from) / SP_NS_PER_MS * SP_NS_PER_MS, text);
	sp_buf_printf(line, " (%s)", text);
}

/* "start demo-db-1 on worker1 (1.2s): message" */
static void put_step(const json_t *step, struct sp_buf *line)
{
	const char *resource = ctl_json_text(step, "resource"), *node = ctl_json_text(step, "node");
	const char *message = ctl_json_text(step, "error.message");

	if (!*message)
		message = ctl_json_text(step, "message");
	sp_buf_printf(line, "%-9s%s%s%s%s", ctl_json_text(step, "name"), *resource ? " " : "",
		      resource, *node ? " on " : "", node);
	put_elapsed(step, line);
	sp_buf_printf(line, "%s%s", *message ? ": " : "", message);
}

/* columns 0: whole; otherwise cut, so that a live line is one line of the screen. */
static void print_step(struct ctl_progress *p, const json_t *step, size_t columns)
{
	autobuf struct sp_buf line = SP_BUF_INIT, clean = SP_BUF_INIT;
	const char *state = ctl_json_text(step, "state");
	enum ctl_style style = p->colours ? ctl_style_of_state(state) : CTL_PLAIN;

	put_step(step, &line);
	ctl_clean(&clean, line.data ? line.data : "", false);
	if (columns && clean.len > columns)
		clean.data[columns] = '\0';
	fprintf(p->out, "%s%-8s%s %s\n", ctl_style_on(style), state, ctl_style_off(style),
		clean.data ? clean.data : "");
	p->last_sign_ns = sp_time_mono_ns();
}

static bool make_room(struct ctl_progress *p, size_t n)
{
	char *grown;

	if (n <= p->n_reported)
		return true;
	grown = realloc(p->reported, n);
	if (!grown)
		return false;
	memset(grown + p->n_reported, 0, n - p->n_reported);
	p->reported = grown;
	p->n_reported = n;
	return true;
}

/* A step with the moment by which it is put in order, as the API writes it: texts of one length. */
struct moment {
	const json_t *step;
	const char *at;
	size_t number;
};

static int by_moment(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;
	int r = strcmp(x->at, y->at);

	return r ? r : x->number < y->number ? -1 : 1;
}

/* The steps that pass, in the order in which it happened; on the heap. */
static struct moment *in_order(const json_t *steps, const char *moment,
			       bool (*pass)(const struct ctl_progress *p, const json_t *step,
					    size_t i),
			       const struct ctl_progress *p, size_t *ret_n)
{
	struct moment *list = calloc(json_array_size(steps) + 1, sizeof(*list));
	json_t *step;
	size_t i;

	*ret_n = 0;
	json_array_foreach (steps, i, step) {
		if (list && pass(p, step, i))
			list[(*ret_n)++] = (struct moment){ step, ctl_json_text(step, moment), i };
	}
	if (list)
		qsort(list, *ret_n, sizeof(*list), by_moment);
	return list;
}

static bool has_new_end(const struct ctl_progress *p, const json_t *step, size_t i)
{
	return !p->reported[i] && is_over(ctl_json_text(step, "state"));
}

static bool is_running(const struct ctl_progress *p, const json_t *step, size_t i)
{
	(void)p;
	(void)i;
	return sp_str_eq(ctl_json_text(step, "state"), "running");
}

static void print_new_ends(struct ctl_progress *p, const json_t *steps)
{
	size_t n;
	autofree struct moment *ended = in_order(steps, "finished_at", has_new_end, p, &n);

	for (size_t i = 0; i < n; i++) {
		p->reported[ended[i].number] = 1;
		print_step(p, ended[i].step, 0);
	}
}

static void print_running(struct ctl_progress *p, const json_t *steps)
{
	uint16_t rows, columns;
	size_t n;
	autofree struct moment *running = in_order(steps, "started_at", is_running, p, &n);

	ctl_terminal_size(fileno(p->out), &rows, &columns);
	for (size_t i = 0; i < n; i++) {
		if (p->live && (p->live_lines == LIVE_MAX || p->live_lines + 1u >= rows))
			break;
		print_step(p, running[i].step, p->live && columns > 12 ? columns - 10u : 0);
		p->live_lines += p->live;
	}
}

void ctl_progress_update(struct ctl_progress *p, const json_t *operation)
{
	const json_t *steps = json_object_get(operation, "steps");

	if (!make_room(p, json_array_size(steps)))
		return;
	wipe(p);
	print_new_ends(p, steps);
	if (p->live || sp_time_mono_ns() - p->last_sign_ns >= STILL_NS)
		print_running(p, steps);
	fflush(p->out);
}

void ctl_progress_say(struct ctl_progress *p, const char *text)
{
	wipe(p);
	fprintf(p->out, "%s\n", text);
	fflush(p->out);
	p->last_sign_ns = sp_time_mono_ns();
}
