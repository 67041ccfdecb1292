/*
 * Parsers of single values and of plain lists, as rows of a key table use them: each stores into
 * the field it is given, of the type named here, and refuses what does not fit.
 */
#pragma once

#include "stackfile/reader.h"

void read_string(const struct value *v, void *field);   /* char *; not empty */
void read_text(const struct value *v, void *field);     /* char *; may be empty */
void read_bool(const struct value *v, void *field);     /* bool */
void read_id(const struct value *v, void *field);       /* uint32_t: a user or group, 0..65535 */
void read_replicas(const struct value *v, void *field); /* uint32_t, 0..1000 */
void read_retries(const struct value *v, void *field);  /* uint32_t, 0..100 */
void read_positive(const struct value *v, void *field); /* uint32_t, 1..1000 */
void read_port(const struct value *v, void *field);     /* uint16_t, from 1 */
void read_mode(const struct value *v, void *field);     /* uint32_t: octal permission bits */
void read_pids(const struct value *v, void *field);     /* int64_t: from 1, or -1 */
void read_bytes(const struct value *v, void *field);    /* uint64_t */
void read_cpus(const struct value *v, void *field);     /* uint32_t: thousandths of a CPU */
void read_duration(const struct value *v, void *field); /* int64_t nanoseconds */
void read_lifetime(const struct value *v, void *field); /* int64_t nanoseconds, up to a year */
void read_strings(const struct value *v, void *field);  /* char **: a list of strings */
void read_abs_path(const struct value *v, void *field); /* char *: absolute, not "/", no ".." */
void read_ignored(const struct value *v, void *field);  /* nothing: known to have no effect here */

/* The rule of read_abs_path() for text that is already at hand; trailing slashes are cut. */
bool check_abs_path(const struct value *v, const char *path);
/* The same of a place in the container where something is mounted. */
bool check_target(const struct value *v, const char *path);
char *clean_path(struct reader *r, const char *path);

/* One of a NULL-terminated list of words: its index, or -1 after refusing. */
int read_choice(const struct value *v, const char *const *words);
