/*
 * Sealing what is secret before it is stored: AES-256-GCM with the control host's key file, so that
 * whoever reads the database, its log or a backup learns nothing.
 *
 * A sealed text is "sp1:<id of the key>:<base64 of nonce, ciphertext and tag>". Its place
 * ("operations.request:op-1") is authenticated with it: a text moved to another row does not open.
 * Nonces are random; one key is good for 2^32 texts. Read-only after opening, so threads share it.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

#define SEAL_ID_MAX 20 /* 16 hexadecimal digits and a NUL, with some room */

struct seal;

/* Read the key from a file only its owner may read; make the file when there is none. */
int seal_open(const char *path, struct seal **ret, struct sp_err *err);
void seal_free(struct seal *k); /* takes NULL */
SP_AUTO(struct seal *, seal_free)

const char *seal_id(const struct seal *k); /* a digest of the key; not secret */

/* The sealed text on the heap. */
int seal_close_text(const struct seal *k, const char *place, const char *text, char **ret,
		    struct sp_err *err);
/* The text on the heap. Sealed with another key is SP_E_DENIED; altered, or of another place, is
 * SP_E_CORRUPT. */
int seal_open_text(const struct seal *k, const char *place, const char *sealed, char **ret,
		   struct sp_err *err);
