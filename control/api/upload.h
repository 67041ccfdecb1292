/* An upload on its way to the disk: spooled to a file without a name, which goes with the request.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/httpd.h"
#include "images/store.h"

/* For a route's on_body: take a piece; len 0 is the end and rewinds the file. More than max is
 * SP_E_TOO_LARGE, a full disk SP_E_NO_SPACE. */
int upload_take(struct sp_httpd_req *req, struct img_store *images, uint64_t max, const void *data,
		size_t len, struct sp_err *err);
int upload_fd(struct sp_httpd_req *req); /* borrowed; -1 when nothing came */
