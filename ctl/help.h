/* Help for people, made from the commands' rows. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ctl/command.h"

void ctl_help_all(FILE *out);
/* The commands of a group, such as "lock"; false when word is none. */
bool ctl_help_group(const char *word, FILE *out);
void ctl_help_command(const struct ctl_command *c, FILE *out);
/* "-f, --follow", "    --since DURATION" */
struct sp_buf;
void ctl_help_flag(const struct ctl_flag *f, struct sp_buf *out);
