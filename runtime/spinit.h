/*
 * The program that becomes every container's PID 1, ready to execute.
 *
 * It is a sealed memfd that may be executed but not read: nothing can write to it (CVE-2019-5736),
 * and the kernel makes whoever executes it undumpable and untraceable from inside (CVE-2016-9962).
 */
#pragma once

#include "base/err.h"

/* path NULL: "spinit" beside our own executable. Returns the memfd, above RT_INIT_SOCKET. */
int rt_spinit_load(const char *path, struct sp_err *err);
