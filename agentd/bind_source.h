/*
 * What a bind mount is of: a place of the node that a stack file names. It is opened once, checked
 * by that descriptor, and the descriptor is what is mounted: below a directory that some container
 * can write, a path says something else a moment later (CVE-2021-30465, CVE-2021-25741).
 */
#pragma once

#include "agentd/dirs.h"
#include "base/err.h"

/* O_PATH descriptor of an absolute path; links are followed, those of /proc are not. NOT_FOUND. */
int bind_source_open(const char *path, struct sp_err *err);

/* The same; directories that are missing are made, none of them through a link. */
int bind_source_make(const struct dirs *own, const char *path, struct sp_err *err);

/* A bind mount must not lead to what the agent keeps: secrets, logs and other tenants' files. */
int bind_source_check(const struct dirs *own, int fd, const char *path, struct sp_err *err);
