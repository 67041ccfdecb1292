/*
 * A workload's spec (JSON, as agents get it) taken apart into single fields, each with a path that
 * people know it by: "environment.LOG_LEVEL", "limits.memory_max_bytes", "mounts./data.source",
 * "ports.0.0.0.0:8080/tcp". What placement decides, and the workload's identity, are no fields.
 */
#pragma once

#include "control/stack/sensitive.h"

struct spec_field {
	char *path;
	json_t *value; /* as it is; owned */
	bool secret;   /* by what it is: a secret's content, a wrapped value */
};

struct spec_fields {
	struct spec_field *list; /* by path */
	size_t n;
	const struct sensitive *known; /* borrowed */
	char *const *open;             /* what their file says openly; borrowed */
};

void spec_fields_fini(struct spec_fields *f);
#define autofields __attribute__((cleanup(spec_fields_fini)))

/* A spec, and the file that it comes from. */
struct spec_of {
	const json_t *spec; /* NULL: no fields */
	enum sensitive_side side;
};

int spec_fields_read(const struct spec_of *from, const struct sensitive *s, struct spec_fields *ret,
		     struct sp_err *err);

/* The one place that decides whether a value is shown (sensitive.h). */
bool spec_field_is_sensitive(const struct spec_fields *of, const struct spec_field *f);
