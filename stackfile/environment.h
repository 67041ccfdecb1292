/* `environment` and `env_file` of a service, and the map-or-list shape that `labels` and others
 * share. */
#pragma once

#include "stackfile/reader.h"

void read_environment(const struct value *v, void *service);
void read_env_file(const struct value *v, void *service);

/*
 * Each name and value of {NAME: value} or ["NAME=value"]; value is NULL where there is none.
 * Refuses other shapes and repeated names.
 */
typedef void (*pair_fn)(const struct value *v, const char *name, const char *value, void *state);
void each_pair(const struct value *v, pair_fn fn, void *state);

/* Rows of wire pairs: labels and sysctls. */
void read_labels(const struct value *v, void *service);
void read_sysctls(const struct value *v, void *service);
