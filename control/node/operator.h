/* Operators: people and CI. What they need to talk to this cluster, in one directory. */
#pragma once

#include "control/config.h"

/* Write <name>.crt, <name>.key, ca.crt and context.json (which ctl reads) into dir. */
int operator_write(const struct config *config, const char *name, const char *dir,
		   struct sp_err *err);
