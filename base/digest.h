/* Content digests: SHA-256 as "sha256:<64 lower-case hex>" (OCI image-spec, descriptor.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SP_DIGEST_MAX    72 /* "sha256:" + 64 + NUL */
#define SP_DIGEST_PREFIX "sha256:"

struct sp_digest; /* a running hash */

int sp_digest_new(struct sp_digest **ret, struct sp_err *err);
void sp_digest_update(struct sp_digest *d, const void *data, size_t len);
void sp_digest_finish(struct sp_digest *d, char ret[SP_DIGEST_MAX]); /* frees d */
void sp_digest_free(struct sp_digest *d); /* for the way out without a result; takes NULL */

int sp_digest_of(const void *data, size_t len, char ret[SP_DIGEST_MAX], struct sp_err *err);
int sp_digest_of_fd(int fd, char ret[SP_DIGEST_MAX],
		    struct sp_err *err); /* from the current offset to the end */

/* The grammar above, exactly: a digest that passes is safe as a file name. */
bool sp_digest_valid(const char *s);
const char *sp_digest_hex(const char *digest); /* the part after "sha256:" of a valid digest */

/* len random bytes as lower-case hex into ret (2 * len + 1 bytes), from getrandom(2). */
int sp_random_hex(char *ret, size_t len, struct sp_err *err);
