/* See whoami.h. */
#include "ctl/whoami.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define HOST_MAX 65

void ctl_whoami(char *ret, size_t room)
{
	static const char *const names[] = { "SUDO_USER", "LOGNAME", "USER" };
	char host[HOST_MAX] = "", uid[24];
	const char *who = NULL;

	for (size_t i = 0; i < SP_COUNT(names) && sp_str_empty(who); i++)
		who = getenv(names[i]);
	snprintf(uid, sizeof(uid), geteuid() ? "uid-%u" : "root", geteuid());
	gethostname(host, sizeof(host) - 1);
	snprintf(ret, room, "%s@%s", sp_str_empty(who) ? uid : who, host);
	for (char *p = ret; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}
