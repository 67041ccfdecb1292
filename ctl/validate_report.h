/* What controld's validations (docs/api.md) say, as people and CI read it. */
#pragma once

#include <jansson.h>

#include "ctl/args.h"
#include "wire/failure.h"

struct ctl_source;

/* Print them as -o asks: table, junit, or document whole. Returns an exit code or -errno. */
int validate_report(const struct ctl_args *args, const json_t *document, struct wire_failure *fail);
/* The same of a file that only ctl has looked at, as one validation: its diagnostics are the
 * checks. NULL when out of memory. */
json_t *validate_of_source(const struct ctl_source *s);
