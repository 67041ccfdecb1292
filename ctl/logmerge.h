/* Logs merged by their stamps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct ctl_logmerge_input {
	FILE *file; /* lines "STAMP text", "-" for no stamp; read from its start */
	const char *prefix;
};

/* Print all lines behind their inputs' prefixes, earliest stamp first; equal stamps and lines
 * without one keep the order of the inputs. The stamps are printed only when asked for. */
int ctl_logmerge(const struct ctl_logmerge_input *inputs, size_t n, bool stamps, FILE *out,
		 struct sp_err *err);
