/* Who the workload runs as; see user.h. */
#include "runtime/init/user.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/init/database.h"

enum passwd_field { PW_NAME, PW_PASSWORD, PW_UID, PW_GID, PW_GECOS, PW_HOME, PW_SHELL };
enum group_field { GR_NAME, GR_PASSWORD, GR_GID, GR_MEMBERS };

#define NAME_MAX_LEN 255

/* The first passwd line of that name, or of that number where the text is one. */
static bool match_passwd(const struct database_line *l, const char *text, const uint32_t *number)
{
	uint32_t uid = 0;

	if (l->n <= PW_GID || !database_number(l->field[PW_UID], &uid))
		return false;
	return number ? uid == *number : !strcmp(l->field[PW_NAME], text);
}

/* Fills uid, gid, home and name (for the groups) from passwd; name stays "" for a number that is
 * not in it. */
static int find_user(int root, const char *text, struct user *u, char *ret_name, struct sp_err *err)
{
	uint32_t number = 0;
	bool is_number = database_number(text, &number), found = false;
	struct database_line l;
	struct database d;
	int r = database_open(root, "/etc/passwd", &d, err);

	if (r < 0)
		return r;
	u->uid = number;
	while (!found && database_next(&d, &l)) {
		uint32_t gid = 0;

		if (!match_passwd(&l, text, is_number ? &number : NULL) ||
		    !database_number(l.field[PW_GID], &gid))
			continue;
		found = true;
		database_number(l.field[PW_UID], &u->uid);
		u->gid = gid;
		snprintf(ret_name, NAME_MAX_LEN + 1, "%s", l.field[PW_NAME]);
		if (l.n > PW_HOME && l.field[PW_HOME][0] == '/')
			snprintf(u->home, sizeof(u->home), "%s", l.field[PW_HOME]);
	}
	database_close(&d);
	if (!found && !is_number)
		return sp_fail(err, SP_E_NOT_FOUND,
			       "user '%s' is not in the container's /etc/passwd", text);
	return 0;
}

static bool is_member(char *members, const char *name)
{
	char *m;

	while ((m = strsep(&members, ",")))
		if (!strcmp(m, name))
			return true;
	return false;
}

/* The groups that list the user as a member. */
static int find_memberships(int root, const char *name, struct user *u, struct sp_err *err)
{
	struct database_line l;
	struct database d;
	int r = database_open(root, "/etc/group", &d, err);

	while (r == 0 && u->n_groups < USER_GROUPS_MAX && database_next(&d, &l)) {
		uint32_t gid = 0;

		if (l.n > GR_MEMBERS && database_number(l.field[GR_GID], &gid) &&
		    is_member(l.field[GR_MEMBERS], name))
			u->groups[u->n_groups++] = gid;
	}
	database_close(&d);
	return r;
}

static int find_group(int root, const char *text, struct user *u, struct sp_err *err)
{
	struct database_line l;
	struct database d;
	bool found = false;
	int r;

	if (database_number(text, &u->gid))
		return 0;
	r = database_open(root, "/etc/group", &d, err);
	while (r == 0 && !found && database_next(&d, &l))
		found = l.n > GR_GID && !strcmp(l.field[GR_NAME], text) &&
			database_number(l.field[GR_GID], &u->gid);
	database_close(&d);
	if (r == 0 && !found)
		return sp_fail(err, SP_E_NOT_FOUND,
			       "group '%s' is not in the container's /etc/group", text);
	return r;
}

/* An id the namespace does not map would be refused by the kernel, without saying why. */
static int check_range(const struct user *u, uint32_t n_ids, struct sp_err *err)
{
	uint32_t highest = u->uid > u->gid ? u->uid : u->gid;

	for (size_t i = 0; i < u->n_groups; i++)
		highest = u->groups[i] > highest ? u->groups[i] : highest;
	if (highest >= n_ids)
		return sp_fail(err, SP_E_INVALID, "id %u is outside the container's %u ids",
			       highest, n_ids);
	return 0;
}

int user_find(int root, const char *text, uint32_t n_ids, struct user *ret, struct sp_err *err)
{
	char who[NAME_MAX_LEN + 1], name[NAME_MAX_LEN + 1] = "";
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	int r;

	*ret = (struct user){ .home = "/" };
	if (len >= sizeof(who))
		return sp_fail(err, SP_E_INVALID, "a user name of %zu bytes", len);
	snprintf(who, sizeof(who), "%.*s", (int)len, text);
	r = find_user(root, *who ? who : "0", ret, name, err);
	if (r == 0 && colon)
		r = find_group(root, colon + 1, ret, err);
	else if (r == 0 && *name)
		r = find_memberships(root, name, ret, err);
	return r == 0 ? check_range(ret, n_ids, err) : r;
}
