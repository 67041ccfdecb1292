/* JSON values written as YAML 1.2 block style: what any YAML reader gives back is the same value.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* Append the value, ended by a newline. Errors are the buffer's. */
void ctl_yaml_write(const json_t *value, struct sp_buf *out);
