/*
 * A table of text: cells are added row by row, columns get as wide as their widest cell. What comes
 * from outside is made harmless: control characters print as '?', so that no container can play
 * with the reader's terminal.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ctl/terminal.h"

struct ctl_table;

/* titles is borrowed and ends with NULL; an empty first title list is a table without a heading. */
int ctl_table_new(const char *const *titles, struct ctl_table **ret, struct sp_err *err);
void ctl_table_free(struct ctl_table *t); /* takes NULL */

/* The next cell, left to right, top to bottom; "" and NULL print as "-". Remembers running out of
 * memory until ctl_table_print(). */
void ctl_table_cell(struct ctl_table *t, enum ctl_style style, const char *text);

/* Cut the cells of the last column where the line would be longer than this; "..." says so. */
void ctl_table_fit(struct ctl_table *t, size_t columns);

int ctl_table_print(const struct ctl_table *t, FILE *out, struct sp_err *err);

/* Append text with its control characters replaced by '?'; newlines stay when lines is true. */
void ctl_clean(struct sp_buf *out, const char *text, bool lines);
/* Columns that text takes on a terminal: its characters, counting UTF-8 sequences once. */
size_t ctl_text_width(const char *text);

SP_AUTO(struct ctl_table *, ctl_table_free)
