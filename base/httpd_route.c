/* The table of routes: a raw path against patterns, component by component, then decoded. */
#include <stdlib.h>
#include <string.h>

#include "base/httpd_impl.h"
#include "base/str.h"
#include "base/utf8.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *httpd_decode(const char *s, size_t len, struct sp_err *err)
{
	char *out = malloc(len + 1);
	size_t n = 0;

	if (!out) {
		sp_fail_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (s[i] != '%') {
			out[n++] = s[i];
			continue;
		}
		if (i + 2 < len) {
			high = hex_value(s[i + 1]);
			low = hex_value(s[i + 2]);
		}
		if (high < 0 || low < 0 || (high == 0 && low == 0)) {
			free(out);
			sp_fail(err, SP_E_INVALID, "'%.*s' is not a valid percent-encoding",
				(int)(len - i < 3 ? len - i : 3), s + i);
			return NULL;
		}
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	if (sp_utf8_valid(out))
		return out;
	free(out);
	sp_fail(err, SP_E_INVALID, "is not UTF-8");
	return NULL;
}

/* What a pattern's {name} or {name...} component says. */
struct placeholder {
	const char *name;
	size_t len;
	bool rest;
};

static bool parse_placeholder(const char *part, size_t len, struct placeholder *ret)
{
	if (len < 3 || part[0] != '{' || part[len - 1] != '}')
		return false;
	*ret = (struct placeholder){ .name = part + 1, .len = len - 2 };
	if (ret->len > 3 && !memcmp(part + len - 4, "...", 3)) {
		ret->rest = true;
		ret->len -= 3;
	}
	return true;
}

/* A parameter of the match, still raw: pointers into pattern and path. */
struct raw_param {
	struct placeholder where;
	const char *value;
	size_t len;
};

static bool match_path(const char *pattern, const char *path, struct raw_param *params, size_t *n)
{
	*n = 0;
	while (*pattern == '/' && *path == '/') {
		size_t want = strcspn(++pattern, "/"), have = strcspn(++path, "/");
		struct placeholder hole;

		if (parse_placeholder(pattern, want, &hole)) {
			if (hole.rest)
				have = strlen(path);
			if (have == 0 || *n == HTTPD_PARAMS_MAX)
				return false;
			params[(*n)++] = (struct raw_param){ hole, path, have };
		} else if (want != have || memcmp(pattern, path, want)) {
			return false;
		}
		pattern += want;
		path += have;
	}
	return !*pattern && !*path;
}

static enum httpd_match take_params(struct sp_httpd_req *req, const struct raw_param *params,
				    size_t n, struct sp_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct httpd_pair *to = &req->params[req->n_params++];

		to->name = strndup(params[i].where.name, params[i].where.len);
		to->value = httpd_decode(params[i].value, params[i].len, err);
		if (!to->name)
			sp_fail_nomem(err);
		else if (!to->value)
			sp_err_prefix(err, "'%s' of the path", to->name);
		if (!to->name || !to->value)
			return HTTPD_BAD_PATH;
	}
	return HTTPD_MATCH;
}

static enum httpd_match find(struct sp_httpd_req *req, const char *method, struct sp_err *err)
{
	enum httpd_match result = HTTPD_NO_PATH;
	struct raw_param params[HTTPD_PARAMS_MAX];
	size_t n;

	for (const struct sp_httpd_route *r = req->d->routes; r->method; r++) {
		if (!match_path(r->pattern, req->path, params, &n))
			continue;
		result = HTTPD_NO_METHOD;
		if (sp_str_eq(r->method, method)) {
			req->route = r;
			return take_params(req, params, n, err);
		}
	}
	return result;
}

/* HEAD is answered by the GET route where it has none of its own. */
enum httpd_match httpd_route_find(struct sp_httpd_req *req, const char *method, struct sp_err *err)
{
	enum httpd_match result = find(req, method, err);

	if (result == HTTPD_NO_METHOD && sp_str_eq(method, "HEAD"))
		return find(req, "GET", err);
	return result;
}
