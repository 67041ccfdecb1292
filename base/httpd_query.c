/* What handlers may ask about a request; see httpd.h. */
#include <assert.h>
#include <poll.h>

#include "base/httpd_impl.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

const struct sp_http_peer *sp_httpd_peer(const struct sp_httpd_req *req)
{
	return &req->peer;
}

const char *sp_httpd_pattern(const struct sp_httpd_req *req)
{
	return req->route->pattern;
}

static const char *find_pair(const struct httpd_pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (sp_str_eq(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

const char *sp_httpd_param(const struct sp_httpd_req *req, const char *name)
{
	const char *value = find_pair(req->params, req->n_params, name);

	assert(value);
	return value;
}

const char *sp_httpd_query(const struct sp_httpd_req *req, const char *name)
{
	return find_pair(req->query, req->n_query, name);
}

const char *sp_httpd_header(const struct sp_httpd_req *req, const char *name)
{
	const char *value =
		req->mhd ? MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, name) : NULL;

	return value && sp_utf8_valid(value) ? value : NULL;
}

const char *sp_httpd_body(const struct sp_httpd_req *req, size_t *ret_len)
{
	if (ret_len)
		*ret_len = req->body.len;
	return req->body.data ? req->body.data : "";
}

int sp_httpd_body_json(const struct sp_httpd_req *req, json_t **ret, struct sp_err *err)
{
	size_t len;
	const char *text = sp_httpd_body(req, &len);
	int r = sp_json_parse(text, len, ret, err);

	return r < 0 ? sp_err_prefix(err, "request body") : r;
}

void **sp_httpd_slot(struct sp_httpd_req *req, void (*free_fn)(void *))
{
	req->slot_free = free_fn;
	return &req->slot;
}

bool sp_httpd_gone(const struct sp_httpd_req *req)
{
	struct pollfd client = { .events = POLLRDHUP };

	if (!req->mhd || !req->conn)
		return true;
	client.fd = req->conn->fd;
	return poll(&client, 1, 0) == 1 && client.revents & (POLLRDHUP | POLLHUP | POLLERR);
}
