/* Results on stdout, in the form that -o asked for: a table for people, documents for programs. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "ctl/args.h"
#include "wire/failure.h"

/* A column of a list: the member at path ("info.kernel") of each row, or what text writes. */
struct ctl_column {
	const char *title;
	const char *path; /* NULL: text writes the cell */
	void (*text)(const json_t *row, struct sp_buf *out);
	bool wide;  /* only with -o wide */
	bool state; /* coloured by its word */
};

#define CTL_COLUMNS_END       \
	{                     \
		.title = NULL \
	}
#define CTL_COLUMNS_MAX 24

/* The member at a path of names parted by dots, or NULL. */
json_t *ctl_json_at(const json_t *value, const char *path);
/* A string member at path, "" when it is absent or no string. Borrowed. */
const char *ctl_json_text(const json_t *value, const char *path);

/* True when -o (or its absence) asks for a table, narrow or wide. */
bool ctl_wants_table(const struct ctl_args *args);
/* document as JSON or YAML on stdout, as -o says. */
int ctl_print_document(const struct ctl_args *args, const json_t *document,
		       struct wire_failure *fail);
/* The whole document in json or yaml; a table of rows (a JSON array) otherwise. */
int ctl_print_list(const struct ctl_args *args, const json_t *document, const json_t *rows,
		   const struct ctl_column *columns, struct wire_failure *fail);
/* One object: the document, or one "TITLE  value" line for each column. */
int ctl_print_object(const struct ctl_args *args, const json_t *object,
		     const struct ctl_column *columns, struct wire_failure *fail);

/* Cell writers shared by commands: "3m10s" since a stamp, "12MB" of bytes, items with commas. */
void ctl_put_age(const char *stamp, struct sp_buf *out);
/* "1.250s" from a stamp to another; nothing while there is no end. */
void ctl_put_took(const char *from, const char *to, struct sp_buf *out);
void ctl_put_bytes(json_int_t bytes, struct sp_buf *out);
void ctl_put_value(const json_t *value, struct sp_buf *out);
