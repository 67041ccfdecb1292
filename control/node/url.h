/* Addresses of agents, and paths with names in them. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "control/store/node.h"

void url_of_node(const struct store_node *node, char *ret, size_t room);

/* prefix and name, with everything percent-encoded that has a meaning in a URL; '/' and ':' stay.
 */
int url_join(char *ret, size_t room, const char *prefix, const char *name, struct sp_err *err);
