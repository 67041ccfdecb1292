/* Join tokens; see token.h. */
#include "control/node/token.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/str.h"
#include "base/time.h"
#include "control/store/token.h"

#define ID_BYTES     8
#define SECRET_BYTES 24
#define TTL_MAX_NS   (INT64_C(30) * 24 * 3600 * SP_NS_PER_S)

int token_make(struct store *s, const char *ca_fingerprint, int64_t ttl_ns, struct token_made *ret,
	       struct sp_err *err)
{
	struct store_token t = { 0 };
	char secret[2 * SECRET_BYTES + 1];
	int r;

	if (ttl_ns <= 0 || ttl_ns > TTL_MAX_NS)
		return sp_fail(err, SP_E_INVALID,
			       "a token lives for more than nothing and at most 30 days");
	t.expires_at_ns = sp_time_real_ns() + ttl_ns;
	r = sp_random_hex(t.id, ID_BYTES, err);
	if (r == 0)
		r = sp_random_hex(secret, SECRET_BYTES, err);
	if (r == 0)
		r = sp_digest_of(secret, 2 * SECRET_BYTES, t.hash, err);
	if (r == 0)
		r = store_token_put(s, &t, err);
	if (r < 0)
		return r;
	snprintf(ret->token, sizeof(ret->token), "SP1.%s.%s.%s", t.id, secret,
		 sp_digest_hex(ca_fingerprint));
	ret->expires_at_ns = t.expires_at_ns;
	explicit_bzero(secret, sizeof(secret));
	return 0;
}

/* Cut the four parts apart in place. */
static bool split(char *token, char **ret_id, char **ret_secret, char **ret_ca)
{
	char *rest = token, *version = strsep(&rest, ".");

	*ret_id = strsep(&rest, ".");
	*ret_secret = strsep(&rest, ".");
	*ret_ca = rest;
	return sp_str_eq(version, "SP1") && *ret_id && strlen(*ret_id) == 2 * ID_BYTES &&
	       *ret_secret && strlen(*ret_secret) == 2 * SECRET_BYTES && *ret_ca;
}

int token_use(struct store *s, const char *ca_fingerprint, const char *token, const char *by,
	      struct sp_err *err)
{
	char copy[TOKEN_MAX], hash[SP_DIGEST_MAX];
	char *id, *secret, *ca;
	int r;

	if (strlen(token) >= sizeof(copy))
		return sp_fail(err, SP_E_INVALID, "the join token is malformed");
	snprintf(copy, sizeof(copy), "%s", token);
	if (!split(copy, &id, &secret, &ca))
		return sp_fail(err, SP_E_INVALID, "the join token is malformed");
	if (strcmp(ca, sp_digest_hex(ca_fingerprint)) != 0)
		return sp_fail(err, SP_E_DENIED, "the join token is of another cluster");
	r = sp_digest_of(secret, strlen(secret), hash, err);
	return r < 0 ? r : store_token_use(s, id, hash, by, err);
}
