/* Telling controld what a verification came to, stack by stack. */
#pragma once

#include "ctl/verify.h"

/* Each stack that anything was checked of; what cannot be told is a warning on stderr and changes
 * nothing. */
void verify_tell(struct verify *v);
