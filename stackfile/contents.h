/* Secrets and configs: their content at the top level, and their grants in services. */
#pragma once

#include "stackfile/reader.h"

void read_secrets(const struct value *v, void *stack);
void read_configs(const struct value *v, void *stack);
void read_secret_grants(const struct value *v, void *service);
void read_config_grants(const struct value *v, void *service);
