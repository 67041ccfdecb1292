/*
 * A blob on its way in, piece by piece: begin, write..., then commit or abort.
 *
 * The digest is computed as the bytes arrive; only content that has the promised digest and size
 * ever gets a name. A full disk is SP_E_NO_SPACE and leaves nothing behind.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"
#include "images/store.h"

#define IMG_BLOB_BYTES_MAX (UINT64_C(64) << 30)
#define IMG_SIZE_UNKNOWN   UINT64_MAX

struct img_put;

/* digest NULL: whatever it turns out to be. size: what must arrive, or IMG_SIZE_UNKNOWN. */
int img_put_begin(struct img_store *s, const char *digest, uint64_t size, struct img_put **ret,
		  struct sp_err *err);
int img_put_write(struct img_put *p, const void *data, size_t len, struct sp_err *err);

/*
 * Verify, make durable, and give it its name. Frees p in every case. ret_digest and ret_size may be
 * NULL. Returns 1 when the blob was new, 0 when it was already there.
 */
int img_put_commit(struct img_put *p, char ret_digest[SP_DIGEST_MAX], uint64_t *ret_size,
		   struct sp_err *err);
void img_put_abort(struct img_put *p); /* takes NULL */
SP_AUTO(struct img_put *, img_put_abort)

/*
 * commit in two halves, for an event loop that must not wait for the disk: seal verifies and
 * returns the fd (still p's) to fsync asynchronously; publish then gives the name (as commit,
 * without fsync).
 */
int img_put_seal(struct img_put *p, struct sp_err *err);
int img_put_publish(struct img_put *p, char ret_digest[SP_DIGEST_MAX], uint64_t *ret_size,
		    struct sp_err *err);
