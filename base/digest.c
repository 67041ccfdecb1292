/* Content digests over GnuTLS (which takes the CPU's SHA instructions where it has them); see
 * digest.h. */
#include "base/digest.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"

#define SHA256_BYTES 32
#define READ_STEP    65536

struct sp_digest {
	gnutls_hash_hd_t hash;
};

static void to_hex(const unsigned char *bytes, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * len] = '\0';
}

int sp_digest_new(struct sp_digest **ret, struct sp_err *err)
{
	struct sp_digest *d = calloc(1, sizeof(*d));

	if (!d)
		return sp_fail_nomem(err);
	if (gnutls_hash_init(&d->hash, GNUTLS_DIG_SHA256) < 0) {
		free(d);
		return sp_fail(err, SP_E_INTERNAL, "sha256 is not available in gnutls");
	}
	*ret = d;
	return 0;
}

void sp_digest_update(struct sp_digest *d, const void *data, size_t len)
{
	gnutls_hash(d->hash, data, len);
}

void sp_digest_finish(struct sp_digest *d, char ret[SP_DIGEST_MAX])
{
	unsigned char bytes[SHA256_BYTES];

	gnutls_hash_deinit(d->hash, bytes);
	memcpy(ret, SP_DIGEST_PREFIX, strlen(SP_DIGEST_PREFIX));
	to_hex(bytes, sizeof(bytes), ret + strlen(SP_DIGEST_PREFIX));
	free(d);
}

void sp_digest_free(struct sp_digest *d)
{
	if (!d)
		return;
	gnutls_hash_deinit(d->hash, NULL);
	free(d);
}

int sp_digest_of(const void *data, size_t len, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	struct sp_digest *d;
	int r = sp_digest_new(&d, err);

	if (r < 0)
		return r;
	sp_digest_update(d, data, len);
	sp_digest_finish(d, ret);
	return 0;
}

int sp_digest_of_fd(int fd, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autofree char *step = malloc(READ_STEP);
	struct sp_digest *d;
	ssize_t n;
	int r;

	if (!step)
		return sp_fail_nomem(err);
	r = sp_digest_new(&d, err);
	if (r < 0)
		return r;
	while ((n = read(fd, step, READ_STEP)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = sp_fail_errno(err, errno, "read");
			sp_digest_free(d);
			return r;
		}
		sp_digest_update(d, step, (size_t)n);
	}
	sp_digest_finish(d, ret);
	return 0;
}

bool sp_digest_valid(const char *s)
{
	size_t prefix = strlen(SP_DIGEST_PREFIX);

	if (!s || strncmp(s, SP_DIGEST_PREFIX, prefix) || strlen(s) != prefix + 2 * SHA256_BYTES)
		return false;
	return strspn(s + prefix, "0123456789abcdef") == 2 * SHA256_BYTES;
}

const char *sp_digest_hex(const char *digest)
{
	return digest + strlen(SP_DIGEST_PREFIX);
}

int sp_random_hex(char *ret, size_t len, struct sp_err *err)
{
	unsigned char bytes[64];

	if (len > sizeof(bytes))
		return sp_fail(err, SP_E_INVALID, "%zu random bytes asked, at most %zu", len,
			       sizeof(bytes));
	if (getrandom(bytes, len, 0) != (ssize_t)len)
		return sp_fail_errno(err, errno, "getrandom");
	to_hex(bytes, len, ret);
	return 0;
}
