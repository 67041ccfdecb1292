/* Bash completion, made from the commands' rows. */
#pragma once

#include <stdio.h>

void ctl_completion_write(FILE *out);
