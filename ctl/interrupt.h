/* Ctrl-C while ctl waits: the running call ends with SP_E_INTERRUPTED, and ctl says what goes on.
 */
#pragma once

#include <stdbool.h>

#include "base/httpc.h"

#define CTL_INTERRUPT_HANDLES 64 /* calls that one Ctrl-C can end */

/* From now on SIGINT and SIGTERM end the calls of this handle too. False when there is no room. */
bool ctl_interrupt_watch(struct sp_httpc *http);
void ctl_interrupt_unwatch(struct sp_httpc *http);
bool ctl_interrupted(void);
