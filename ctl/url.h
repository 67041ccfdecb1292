/* Request paths put together safely: what comes from the command line is percent-encoded. */
#pragma once

#include "base/buf.h"

/* Append text as one path component or query value: all but unreserved characters are encoded
 * (RFC 3986, 2.3). */
void ctl_url_put(struct sp_buf *url, const char *text);
/* The same, but '/' stays: an image reference at the end of a path. */
void ctl_url_put_rest(struct sp_buf *url, const char *text);
/* Append "?key=value" or "&key=value"; nothing when value is NULL. */
void ctl_url_query(struct sp_buf *url, const char *key, const char *value);
void ctl_url_query_int(struct sp_buf *url, const char *key, long long value);
