/* The system calls that are left to a process that reads what a stranger wrote. */
#pragma once

#include "base/err.h"

/*
 * From here on only what reading an archive and making files takes: no process, no program, no
 * socket, no mount, no memory that can be executed, no device node but a whiteout. Anything else is
 * EPERM. For good; asks for no_new_privs, which img_confine() has set.
 */
int img_confine_calls(struct sp_err *err);
