/* A child process that does some work of its parent's and must not outlive it. */
#pragma once

#include <sys/types.h>

/* In the child: be killed when the parent ends; exit at once if that has happened already. parent
 * is as getppid(2) gives it. */
void sp_child_die_with(pid_t parent);
