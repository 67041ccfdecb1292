/* The HTTP client's handle; see httpc.h, and httpc_impl.h for its parts. */
#include "base/httpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/fd.h"
#include "base/httpc_impl.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

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

static int open_handle(struct sp_httpc *c, const struct sp_httpc_conf *conf, struct sp_err *err)
{
	if (!copy_conf(c, conf))
		return sp_fail_nomem(err);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return sp_fail_errno(err, errno, "eventfd");
	return httpc_url_parse(c->base_url, &c->url, err);
}

int sp_httpc_new(const struct sp_httpc_conf *conf, struct sp_httpc **ret, struct sp_err *err)
{
	struct sp_httpc *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return sp_fail_nomem(err);
	c->wake_fd = -1;
	r = open_handle(c, conf, err);
	if (r < 0) {
		sp_httpc_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void sp_httpc_free(struct sp_httpc *c)
{
	if (!c)
		return;
	httpc_drop(c);
	sp_close(&c->wake_fd);
	sp_strv_free(c->headers);
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
	eventfd_write(c->wake_fd, 1);
}

static bool is_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncasecmp(line, name, n) && line[n] == ':';
}

/* The headers but those of this name. */
static int copy_others(const struct sp_httpc *c, const char *name, char ***ret)
{
	int r = 0;

	for (char **h = c->headers; r == 0 && h && *h; h++)
		if (!is_header(*h, name))
			r = sp_strv_push(ret, *h);
	return r;
}

int sp_httpc_header(struct sp_httpc *c, const char *name, const char *value, struct sp_err *err)
{
	autofree char *line = value ? sp_str_format("%s: %s", name, value) : NULL;
	char **headers = NULL;
	int r = copy_others(c, name, &headers);

	if (line && strpbrk(line, "\r\n")) {
		sp_strv_free(headers);
		return sp_fail(err, SP_E_INVALID, "header '%s' has more than one line", name);
	}
	if (r == 0 && value)
		r = line ? sp_strv_push(&headers, line) : -ENOMEM;
	if (r < 0) {
		sp_strv_free(headers);
		return sp_fail_nomem(err);
	}
	sp_strv_free(c->headers);
	c->headers = headers;
	return 0;
}

void httpc_begin(struct sp_httpc *c, bool silence)
{
	atomic_store(&c->interrupted, false);
	c->silence_ns = silence ? c->timeout_ns : 0;
	c->until_ns = sp_time_mono_ns() + c->timeout_ns;
}

void httpc_moved(struct sp_httpc *c)
{
	if (c->silence_ns)
		c->until_ns = sp_time_mono_ns() + c->silence_ns;
}

const char *httpc_address(const struct sp_httpc *c)
{
	return c->unix_path ? c->unix_path : c->base_url;
}

int httpc_fail_interrupted(const struct sp_httpc *c, struct sp_err *err)
{
	return sp_fail(err, SP_E_INTERRUPTED, "call to %s interrupted", c->what);
}

static int fail_timeout(const struct sp_httpc *c, struct sp_err *err)
{
	char limit[SP_DURATION_MAX];

	sp_duration_format(c->timeout_ns, limit);
	return sp_fail(err, SP_E_TIMEOUT, "%s at '%s': no answer within %s", c->what,
		       httpc_address(c), limit);
}

/* Does the server's alert say that it does not take our certificate? */
static bool is_about_certificate(gnutls_alert_description_t alert)
{
	return alert == GNUTLS_A_BAD_CERTIFICATE || alert == GNUTLS_A_UNSUPPORTED_CERTIFICATE ||
	       alert == GNUTLS_A_CERTIFICATE_REVOKED || alert == GNUTLS_A_CERTIFICATE_EXPIRED ||
	       alert == GNUTLS_A_CERTIFICATE_UNKNOWN || alert == GNUTLS_A_UNKNOWN_CA ||
	       alert == GNUTLS_A_ACCESS_DENIED || alert == GNUTLS_A_CERTIFICATE_REQUIRED;
}

static int fail_tls(const struct sp_httpc *c, struct sp_err *err)
{
	gnutls_alert_description_t alert;

	if (c->conn->tls_error != GNUTLS_E_FATAL_ALERT_RECEIVED)
		return sp_fail(err, SP_E_UNREACHABLE, "%s at '%s': TLS: %s", c->what,
			       httpc_address(c), gnutls_strerror(c->conn->tls_error));
	alert = gnutls_alert_get(c->conn->session);
	return sp_fail(err, is_about_certificate(alert) ? SP_E_DENIED : SP_E_UNREACHABLE,
		       "%s at '%s': it ended the TLS session: %s", c->what, httpc_address(c),
		       gnutls_alert_get_name(alert));
}

int httpc_fail_lost(const struct sp_httpc *c, ssize_t r, struct sp_err *err)
{
	if (r == -ENOMEM)
		return sp_fail_nomem(err);
	if (r == -ETIMEDOUT)
		return fail_timeout(c, err);
	if (r == -EPROTO)
		return fail_tls(c, err);
	return sp_fail(err, SP_E_UNREACHABLE, "%s at '%s': %s", c->what, httpc_address(c),
		       r ? strerror((int)-r) : "the connection was closed before the reply's end");
}

int httpc_fail_garbage(const struct sp_httpc *c, int r, const char *reason, struct sp_err *err)
{
	return sp_fail(err, r == -E2BIG ? SP_E_TOO_LARGE : SP_E_UNREACHABLE,
		       "%s at '%s': the reply is no HTTP: %s", c->what, httpc_address(c), reason);
}
