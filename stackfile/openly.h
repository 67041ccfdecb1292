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
/* Text that was put together with the environment holds a value that does not stand openly. */
bool openly_hides(const struct stack_service *s, const char *text);
/* Command lines and probes of a service or task, once all of it is read. */
void openly_read(const struct value *container, struct stack_service *s);
