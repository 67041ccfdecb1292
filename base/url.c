/* See url.h. */
#include "base/url.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define MASK "***"

/* "user:password@host/path" up to the query: the last '@' ends the password, whatever is in it. */
static void put_place(const char *place, size_t len, struct sp_buf *out)
{
	const char *at = memrchr(place, '@', len);
	const char *colon = at ? memchr(place, ':', (size_t)(at - place)) : NULL;

	if (!colon) {
		sp_buf_printf(out, "%.*s", (int)len, place);
		return;
	}
	sp_buf_printf(out, "%.*s" MASK "%.*s", (int)(colon + 1 - place), place,
		      (int)(place + len - at), at);
}

/* One "name=value" of the query. */
static void put_pair(const char *pair, size_t len, struct sp_buf *out)
{
	const char *equals = memchr(pair, '=', len);
	size_t name = equals ? (size_t)(equals - pair) : len;

	if (equals && (memchr(pair, '%', name) || /* could spell anything */
		       memmem(pair, name, "password", strlen("password"))))
		sp_buf_printf(out, "%.*s=" MASK, (int)name, pair);
	else
		sp_buf_printf(out, "%.*s", (int)len, pair);
}

/* An '@' behind the '?' may end a password that has a '?' in it: where that begins, or NULL. */
static const char *find_doubtful(const char *place, const char *query)
{
	const char *at = strrchr(place, '@');

	return at && at > query ? memchr(place, ':', (size_t)(at - place)) : NULL;
}

char *sp_url_masked(const char *url)
{
	const char *place = strstr(url, "://"), *query, *doubtful;
	struct sp_buf out = SP_BUF_INIT;

	place = place ? place + 3 : url;
	query = place + strcspn(place, "?");
	doubtful = find_doubtful(place, query);
	if (doubtful) {
		sp_buf_printf(&out, "%.*s" MASK, (int)(doubtful + 1 - url), url);
		return sp_buf_take(&out);
	}
	sp_buf_printf(&out, "%.*s", (int)(place - url), url);
	put_place(place, (size_t)(query - place), &out);
	while (*query) {
		size_t len = strcspn(query + 1, "&");

		sp_buf_putc(&out, *query);
		put_pair(query + 1, len, &out);
		query += 1 + len;
	}
	return sp_buf_take(&out);
}
