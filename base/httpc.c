/* The HTTP client's handle: options of libcurl, and what its errors mean; see httpc.h. */
#include "base/httpc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/httpc_impl.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return *to || !from;
}

static bool copy_conf(struct sp_httpc *c, const struct sp_httpc_conf *conf)
{
	c->connect_timeout_ns =
		conf->connect_timeout_ns ? conf->connect_timeout_ns : HTTPC_CONNECT_TIMEOUT;
	c->timeout_ns = conf->timeout_ns ? conf->timeout_ns : HTTPC_TIMEOUT;
	return copy_string(&c->base_url, conf->base_url) &&
	       copy_string(&c->unix_path, conf->unix_path) &&
	       copy_string(&c->cert_file, conf->cert_file) &&
	       copy_string(&c->key_file, conf->key_file) &&
	       copy_string(&c->ca_file, conf->ca_file) && copy_string(&c->ca_pin, conf->ca_pin) &&
	       copy_string(&c->what, conf->what ? conf->what : "server");
}

int sp_httpc_new(const struct sp_httpc_conf *conf, struct sp_httpc **ret, struct sp_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sp_httpc *c = calloc(1, sizeof(*c));

	pthread_once(&once, init_curl);
	if (!c)
		return sp_fail_nomem(err);
	c->ca_fd = -1;
	c->easy = curl_easy_init();
	c->multi = curl_multi_init();
	if (!copy_conf(c, conf) || !c->easy || !c->multi) {
		sp_httpc_free(c);
		return sp_fail_nomem(err);
	}
	*ret = c;
	return 0;
}

void sp_httpc_free(struct sp_httpc *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->easy);
	curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->headers);
	sp_close(&c->ca_fd);
	free(c->base_url);
	free(c->unix_path);
	free(c->cert_file);
	free(c->key_file);
	free(c->ca_file);
	free(c->ca_pin);
	free(c->what);
	free(c);
}

void sp_httpc_set_timeout(struct sp_httpc *c, int64_t timeout_ns)
{
	c->timeout_ns = timeout_ns ? timeout_ns : HTTPC_TIMEOUT;
}

void sp_httpc_interrupt(struct sp_httpc *c)
{
	atomic_store(&c->interrupted, true);
	curl_multi_wakeup(c->multi); /* one write(2) */
}

static bool is_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncasecmp(line, name, n) && line[n] == ':';
}

int sp_httpc_header(struct sp_httpc *c, const char *name, const char *value, struct sp_err *err)
{
	struct curl_slist *kept = NULL, *grown;
	autofree char *line = value ? sp_str_format("%s: %s", name, value) : NULL;
	bool lost = value && !line;

	for (struct curl_slist *h = c->headers; h && !lost; h = h->next) {
		if (is_header(h->data, name))
			continue;
		grown = curl_slist_append(kept, h->data);
		lost = !grown;
		kept = grown ? grown : kept;
	}
	if (line && !lost) {
		grown = curl_slist_append(kept, line);
		lost = !grown;
		kept = grown ? grown : kept;
	}
	if (lost) {
		curl_slist_free_all(kept);
		return sp_fail_nomem(err);
	}
	curl_slist_free_all(c->headers);
	c->headers = kept;
	return 0;
}

const char *httpc_address(const struct sp_httpc *c)
{
	return c->unix_path ? c->unix_path : c->base_url;
}

static int set_tls(struct sp_httpc *c, CURL *easy, struct sp_err *err)
{
	char pinned[32];
	int r;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, c->cert_file);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, c->key_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (c->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
	if (!c->ca_pin)
		return 0;
	if (c->ca_fd < 0) {
		r = httpc_pin_learn(c, err);
		if (r < 0)
			return r;
	}
	snprintf(pinned, sizeof(pinned), "/proc/self/fd/%d", c->ca_fd);
	curl_easy_setopt(easy, CURLOPT_CAINFO, pinned);
	return 0;
}

int httpc_setup(struct sp_httpc *c, CURL *easy, const char *path, struct sp_err *err)
{
	autofree char *url = sp_str_format("%s%s", c->base_url, path);

	if (!url)
		return sp_fail_nomem(err);
	curl_easy_reset(easy);
	c->detail[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->detail);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "stackpilot");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(c->connect_timeout_ns / SP_NS_PER_MS));
	if (c->unix_path)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, c->unix_path);
	return set_tls(c, easy, err);
}

/* A failed handshake is a refusal only if it was about a certificate. */
static enum sp_err_code code_of_handshake(const char *detail)
{
	return strcasestr(detail, "certificate") ? SP_E_DENIED : SP_E_UNREACHABLE;
}

static enum sp_err_code code_of(CURLcode code, CURL *easy, const char *detail)
{
	curl_off_t connected_us = 0;

	switch ((int)code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return SP_E_INTERRUPTED;
	case CURLE_OUT_OF_MEMORY:
		return SP_E_NO_MEMORY;
	case CURLE_OPERATION_TIMEDOUT:
		curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us);
		return connected_us ? SP_E_TIMEOUT : SP_E_UNREACHABLE;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return SP_E_DENIED;
	case CURLE_SSL_CONNECT_ERROR:
		return code_of_handshake(detail);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return SP_E_INVALID;
	case CURLE_FILESIZE_EXCEEDED:
		return SP_E_TOO_LARGE;
	default:
		return SP_E_UNREACHABLE;
	}
}

int httpc_fail(struct sp_httpc *c, CURLcode code, CURL *easy, struct sp_err *err)
{
	enum sp_err_code what = code_of(code, easy, c->detail);
	const char *why = c->detail[0] ? c->detail : curl_easy_strerror(code);
	const char *prefix = what == SP_E_DENIED ? "certificate refused: " : "";

	if (what == SP_E_INTERRUPTED)
		return sp_fail(err, what, "call to %s interrupted", c->what);
	return sp_fail(err, what, "%s at '%s': %s%s", c->what, httpc_address(c), prefix, why);
}
