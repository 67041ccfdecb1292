/* Who the workload runs as, looked up in the container's own /etc/passwd and /etc/group. */
#pragma once

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define USER_GROUPS_MAX 64

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS_MAX]; /* supplementary */
	size_t n_groups;
	char home[256]; /* "/" where passwd does not say */
};

/*
 * "name", "uid", "name:group" or "uid:gid"; "" is 0. A number is one to its last character, so "1x"
 * is a name. A name must be known; a number need not be. Ids must be below n_ids. A group given
 * explicitly takes the place of all others.
 */
int user_find(int root, const char *text, uint32_t n_ids, struct user *ret, struct sp_err *err);
