/* A base URL taken apart: "http[s]://host[:port][/prefix]". */
#include <stdio.h>
#include <string.h>

#include "base/httpc_impl.h"
#include "base/str.h"

/*
 * Shown are the scheme and the host. What stands behind them may be secret: a query, the path of a
 * webhook, and what looks like a port is the password of a user if an '@' comes later.
 */
static int refuse(const char *text, const char *why, struct sp_err *err)
{
	const char *scheme = strstr(text, "://"), *host = scheme ? scheme + 3 : text;
	size_t len = (size_t)(host - text) + strcspn(host, ":/?#");

	return sp_fail(err, SP_E_INVALID, "URL '%.*s' %s", (int)len, text, why);
}

static bool copy_part(const char *from, size_t len, char *to, size_t room)
{
	if (!len || len >= room)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* "host", "host:port", "[v6]" or "[v6]:port". */
static bool take_authority(struct httpc_url *u)
{
	const char *host = u->authority, *end;
	uint32_t port;

	if (*host == '[') {
		end = strchr(++host, ']');
		if (!end || !copy_part(host, (size_t)(end - host), u->host, sizeof(u->host)))
			return false;
		end++;
	} else {
		end = host + strcspn(host, ":");
		if (!copy_part(host, (size_t)(end - host), u->host, sizeof(u->host)))
			return false;
	}
	if (!*end) {
		snprintf(u->port, sizeof(u->port), "%s", u->tls ? "443" : "80");
		return true;
	}
	return *end == ':' && sp_parse_u32(end + 1, &port, NULL) == 0 && port <= UINT16_MAX &&
	       copy_part(end + 1, strlen(end + 1), u->port, sizeof(u->port));
}

int httpc_url_parse(const char *text, struct httpc_url *ret, struct sp_err *err)
{
	const char *scheme = strstr(text, "://"), *at = scheme ? scheme + 3 : text;
	size_t len = strcspn(at, "/");

	*ret = (struct httpc_url){ .tls = sp_str_starts(text, "https://") };
	if (memchr(at, '@', len)) /* first of all: even the name may be a secret */
		return sp_fail(err, SP_E_INVALID, "a URL with a user name is not supported");
	if (!is_plain(text))
		return refuse(text, "has a blank in it", err);
	if (!ret->tls && !sp_str_starts(text, "http://"))
		return refuse(text, "does not begin with http:// or https://", err);
	if (strpbrk(at, "?#"))
		return refuse(text, "has a query", err);
	if (!copy_part(at, len, ret->authority, sizeof(ret->authority)) || !take_authority(ret))
		return refuse(text, "has no host and port that could be asked", err);
	ret->prefix = at + len;
	return 0;
}

int sp_httpc_url_check(const char *base_url, const char *path, struct sp_err *err)
{
	struct httpc_url url;
	int r = httpc_url_parse(base_url, &url, err);

	if (r < 0)
		return r;
	return *path == '/' && is_plain(path)
		       ? 0
		       : refuse(base_url, "has a path that cannot be asked for", err);
}
