/* The files of the event log: names, the list of them, and lines inside one. Private to events. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define EVENTS_NAME_MAX 32 /* "00000000000000000001.log" */

void events_file_name(uint64_t first, char ret[EVENTS_NAME_MAX]);
/* First numbers of all files, ascending, on the heap. */
int events_files(int dirfd, uint64_t **ret, size_t *ret_n, struct sp_err *err);
/* The whole file. */
int events_file_read(int dirfd, uint64_t first, struct sp_buf *out, struct sp_err *err);

/* Lines of text that are whole, and bytes they take. */
size_t events_lines(const char *text, size_t len, size_t *ret_bytes);

/* Append the events of one file (its text, its first number) that come after `after` to list, until
 * that holds limit or `last` is reached. */
int events_collect(const struct sp_buf *text, uint64_t first, uint64_t after, uint64_t last,
		   size_t limit, json_t *list, struct sp_err *err);
