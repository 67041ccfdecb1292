/* Tables; see table.h. */
#include "ctl/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* blanks between columns */

struct cell {
	char *text;
	size_t width;
	enum ctl_style style;
};

struct ctl_table {
	const char *const *titles;
	size_t columns;
	struct cell *cells; /* row by row */
	size_t n, room;
	bool no_memory;
};

int ctl_table_new(const char *const *titles, struct ctl_table **ret, struct sp_err *err)
{
	struct ctl_table *t = calloc(1, sizeof(*t));

	if (!t)
		return sp_fail_nomem(err);
	t->titles = titles;
	while (titles[t->columns])
		t->columns++;
	*ret = t;
	return 0;
}

void ctl_table_free(struct ctl_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

void ctl_clean(struct sp_buf *out, const char *text, bool lines)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool control = c < 0x20 || c == 0x7f;

		/* C1 controls are U+0080..U+009F: C2 80..C2 9F */
		if (c == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] <= 0x9f) {
			control = true;
			text++;
		}
		sp_buf_putc(out, control && !(lines && c == '\n') ? '?' : (char)c);
	}
}

size_t ctl_text_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void ctl_table_cell(struct ctl_table *t, enum ctl_style style, const char *text)
{
	autobuf struct sp_buf clean = SP_BUF_INIT;
	char *kept;

	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		struct cell *grown = reallocarray(t->cells, room, sizeof(*grown));

		if (!grown) {
			t->no_memory = true;
			return;
		}
		t->cells = grown;
		t->room = room;
	}
	ctl_clean(&clean, text && *text ? text : "-", false);
	kept = sp_buf_take(&clean);
	if (!kept) {
		t->no_memory = true;
		return;
	}
	t->cells[t->n++] =
		(struct cell){ .text = kept, .width = ctl_text_width(kept), .style = style };
}

static size_t column_width(const struct ctl_table *t, size_t column)
{
	size_t width = ctl_text_width(t->titles[column]);

	for (size_t i = column; i < t->n; i += t->columns)
		if (t->cells[i].width > width)
			width = t->cells[i].width;
	return width;
}

/* After so many characters, at a whole one. */
static char *cut_at(char *text, size_t width)
{
	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80 && width-- == 0)
			break;
	return text;
}

void ctl_table_fit(struct ctl_table *t, size_t columns)
{
	size_t before = 0, least = sizeof("...");

	for (size_t c = 0; c + 1 < t->columns; c++)
		before += column_width(t, c) + GAP;
	if (before + least > columns)
		return; /* no cut would do */
	for (size_t i = t->columns - 1; i < t->n; i += t->columns) {
		struct cell *cell = &t->cells[i];

		if (before + cell->width <= columns)
			continue;
		memcpy(cut_at(cell->text, columns - before - 3), "...", sizeof("..."));
		cell->width = columns - before;
	}
}

/* The last column is not padded: no line ends in blanks. */
static void put(FILE *out, const char *text, size_t width, size_t room, enum ctl_style style)
{
	int pad = room > width ? (int)(room - width) : 0;

	fprintf(out, "%s%s%s%*s", ctl_style_on(style), text, ctl_style_off(style), pad, "");
}

int ctl_table_print(const struct ctl_table *t, FILE *out, struct sp_err *err)
{
	bool colours = ctl_colours(out);
	size_t *widths = calloc(t->columns + 1, sizeof(*widths));

	if (!widths || t->no_memory) {
		free(widths);
		return sp_fail_nomem(err);
	}
	for (size_t c = 0; c + 1 < t->columns; c++)
		widths[c] = column_width(t, c) + GAP;
	for (size_t c = 0; c < t->columns; c++)
		put(out, t->titles[c], ctl_text_width(t->titles[c]), widths[c],
		    colours ? CTL_BOLD : CTL_PLAIN);
	fputc('\n', out);
	for (size_t i = 0; i < t->n; i++) {
		size_t c = i % t->columns;

		put(out, t->cells[i].text, t->cells[i].width, widths[c],
		    colours ? t->cells[i].style : CTL_PLAIN);
		if (c + 1 == t->columns)
			fputc('\n', out);
	}
	free(widths);
	return 0;
}
