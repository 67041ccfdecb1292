/*
 * What stands openly in the stack file: text written there as it is, with nothing in it of a
 * variable or of an env file. Of a container's free text (environment, labels, command lines, what
 * probes ask) only this is ever shown; see stack_service.h.
 */
#pragma once

#include "stackfile/reader.h"

/* No variable stands anywhere in it. */
bool openly_written(const struct node *n);
/* An entry of `environment` or `labels`, with its value in v. */
void openly_pair(const struct value *v, struct stack_service *s, const char *of, const char *name);
/* Every variable that a shell's line names stands openly in the service's environment. */
bool openly_names(const struct stack_service *s, const char *line);
/* Command lines and probes of a service or task, once all of it is read. */
void openly_read(const struct value *container, struct stack_service *s);
