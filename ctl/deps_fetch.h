/* Asking controld about dependencies. */
#pragma once

#include <jansson.h>

#include "ctl/args.h"
#include "ctl/ctl.h"

/* GET path?stack=a,b of the stacks on the command line, of all without any; closure: with all they
 * depend on. */
int ctl_deps_fetch(struct ctl *ctl, const struct ctl_args *args, const char *path, bool closure,
		   json_t **ret, struct wire_failure *fail);
