/* Chunked replies, drawn from a source piece by piece; see httpd.h. */
#include "base/httpd_impl.h"

static bool over(const struct sp_httpd_req *req)
{
	return atomic_load(&req->gone) || atomic_load(&req->d->stopping);
}

/* On a loop 0 means that the connection has just been suspended; with threads this blocks instead.
 */
static ssize_t read_source(void *cls, uint64_t pos, char *buf, size_t room)
{
	struct sp_httpd_req *req = cls;

	(void)pos;
	while (!over(req)) {
		ssize_t n = req->source.read(req->source.state, buf, room);

		if (n < 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (n > 0)
			return n;
		httpd_sleep(req);
		if (req->asleep)
			return 0;
	}
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

void sp_httpd_reply_stream(struct sp_httpd_req *req, int status, const char *content_type,
			   struct sp_httpd_source source)
{
	struct MHD_Response *r = NULL;

	req->source = source;
	req->has_source = true;
	if (req->deferred || httpd_sleep_open(req) == 0) /* sp_httpd_defer() has seen to it */
		r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTPD_BLOCK, read_source,
						      req, NULL);
	httpd_reply_with(req, status, content_type, r);
}

void sp_httpd_wake(struct sp_httpd_req *req)
{
	httpd_wake(req);
}
