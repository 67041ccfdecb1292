/* Addresses and paths; see url.h. */
#include "control/node/url.h"

#include <stdio.h>
#include <string.h>

void url_of_node(const struct store_node *node, char *ret, size_t room)
{
	bool v6 = strchr(node->address, ':') != NULL;

	snprintf(ret, room, "https://%s%s%s:%u", v6 ? "[" : "", node->address, v6 ? "]" : "",
		 node->port);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~/:@", c));
}

int url_join(char *ret, size_t room, const char *prefix, const char *name, struct sp_err *err)
{
	size_t len = strlen(prefix);

	if (len + 3 * strlen(name) + 1 > room)
		return sp_fail(err, SP_E_TOO_LARGE, "'%.80s...' is too long", name);
	memcpy(ret, prefix, len);
	for (; *name; name++) {
		if (is_plain(*name)) {
			ret[len++] = *name;
			continue;
		}
		snprintf(ret + len, 4, "%%%02X", (unsigned char)*name);
		len += 3;
	}
	ret[len] = '\0';
	return 0;
}
