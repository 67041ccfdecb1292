/* Who runs ctl, and where: what others read who find a stack locked. A claim, not a proof. */
#pragma once

#include <stddef.h>

/* "ann@laptop". */
void ctl_whoami(char *ret, size_t room);
