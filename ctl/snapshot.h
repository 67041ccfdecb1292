/* Addresses of snapshots in controld's API. */
#pragma once

#include "base/buf.h"

/* /v1/stacks/STACK/snapshots[/VERSION][VERB]; version and verb may be NULL. */
void ctl_snapshot_url(struct sp_buf *url, const char *stack, const char *version, const char *verb);
