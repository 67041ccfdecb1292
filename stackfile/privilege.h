/* What a container may do and use: capabilities, ulimits, the stop signal and extra hosts. */
#pragma once

#include "stackfile/reader.h"

void read_capabilities(const struct value *v, void *field); /* char **: normalised names */
void read_ulimits(const struct value *v, void *service);
void read_signal(const struct value *v, void *field); /* char *: "SIGTERM" */
void read_extra_hosts(const struct value *v, void *service);
