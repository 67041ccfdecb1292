/*
 * The TLS session of a connection: TLS 1.2 or later, our certificate, and the server's verified
 * against one authority, the host's name or number and the purpose of a server before anything of
 * ours is sent.
 *
 * Who joins a cluster knows its authority only by the SHA-256 of its certificate. The certificate
 * with that fingerprint in the chain that the server shows becomes the only authority, and the
 * chain is then verified like any other: a man in the middle can show that certificate, but not a
 * chain signed by it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <string.h>

#include "base/digest.h"
#include "base/httpc_impl.h"
#include "base/mem.h"
#include "base/str.h"

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/*
 * Our certificate goes out also where the server says that it knows only other authorities: it
 * refuses then, instead of taking us for somebody without one. One key share is enough, and no
 * ticket is wanted: a session is never resumed.
 */
#define SESSION_FLAGS                                                                    \
	(GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_FORCE_CLIENT_CERT | \
	 GNUTLS_KEY_SHARE_TOP | GNUTLS_NO_TICKETS)

/* Only the one certificate with this fingerprint is believed. */
static bool trust_pinned(struct httpc_conn *conn, const char *pin)
{
	unsigned int n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(conn->session, &n);

	for (unsigned int i = 0; i < n; i++) {
		char digest[SP_DIGEST_MAX];

		if (sp_digest_of(chain[i].data, chain[i].size, digest, NULL) < 0)
			return false;
		if (sp_str_eq(digest, pin))
			return gnutls_certificate_set_x509_trust_mem(conn->credentials, &chain[i],
								     GNUTLS_X509_FMT_DER) == 1;
	}
	return false;
}

/* Called within the handshake, before our certificate goes out. */
static int verify(gnutls_session_t session)
{
	struct sp_httpc *c = gnutls_session_get_ptr(session);
	gnutls_typed_vdata_st want[] = {
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)c->url.host },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		  .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER },
	};

	if (c->ca_pin && !trust_pinned(c->conn, c->ca_pin)) {
		c->conn->pin_missed = true;
		return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
	}
	if (gnutls_certificate_verify_peers(session, want, SP_COUNT(want), &c->conn->refused) < 0)
		c->conn->refused = GNUTLS_CERT_INVALID;
	return c->conn->refused ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR : 0;
}

static int fail_of(const struct sp_httpc *c, const char *file, int rc, struct sp_err *err)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return sp_fail_nomem(err);
	return sp_fail(err, SP_E_INVALID, "%s: '%s': %s", c->what, file, gnutls_strerror(rc));
}

static int load_authority(struct sp_httpc *c, struct sp_err *err)
{
	int rc;

	if (c->ca_pin)
		return 0;
	if (!c->ca_file) {
		rc = gnutls_certificate_set_x509_system_trust(c->conn->credentials);
		return rc < 0 ? fail_of(c, "the system's authorities", rc, err) : 0;
	}
	rc = gnutls_certificate_set_x509_trust_file(c->conn->credentials, c->ca_file,
						    GNUTLS_X509_FMT_PEM);
	if (rc == 0)
		return sp_fail(err, SP_E_INVALID, "%s: '%s' holds no certificate", c->what,
			       c->ca_file);
	return rc < 0 ? fail_of(c, c->ca_file, rc, err) : 0;
}

/* The files are read for each connection: they may have been replaced since the last one. */
static int load(struct sp_httpc *c, struct sp_err *err)
{
	int rc = gnutls_certificate_allocate_credentials(&c->conn->credentials);
	int r = rc < 0 ? sp_fail_nomem(err) : load_authority(c, err);

	if (r < 0 || !c->cert_file)
		return r;
	rc = gnutls_certificate_set_x509_key_file(c->conn->credentials, c->cert_file,
						  c->key_file ? c->key_file : c->cert_file,
						  GNUTLS_X509_FMT_PEM);
	return rc < 0 ? fail_of(c, c->cert_file, rc, err) : 0;
}

static bool is_number(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static int prepare(struct sp_httpc *c, struct sp_err *err)
{
	struct httpc_conn *conn = c->conn;
	int rc = gnutls_init(&conn->session, SESSION_FLAGS);

	if (rc == 0)
		rc = gnutls_priority_set_direct(conn->session, PRIORITY, NULL);
	if (rc == 0)
		rc = gnutls_credentials_set(conn->session, GNUTLS_CRD_CERTIFICATE,
					    conn->credentials);
	if (rc == 0 && !is_number(c->url.host))
		rc = gnutls_server_name_set(conn->session, GNUTLS_NAME_DNS, c->url.host,
					    strlen(c->url.host));
	if (rc < 0)
		return sp_fail(err, SP_E_INTERNAL, "TLS session: %s", gnutls_strerror(rc));
	gnutls_session_set_ptr(conn->session, c);
	gnutls_session_set_verify_function(conn->session, verify);
	gnutls_transport_set_int(conn->session, conn->fd);
	return 0;
}

/* The server's certificate is not what it should be. */
static int fail_refused(const struct sp_httpc *c, struct sp_err *err)
{
	gnutls_datum_t text = { 0 };
	int rc, r;

	if (c->conn->pin_missed)
		return sp_fail(err, SP_E_DENIED,
			       "%s at '%s': certificate refused: its authority does not have "
			       "fingerprint %s",
			       c->what, httpc_address(c), c->ca_pin);
	rc = gnutls_certificate_verification_status_print(c->conn->refused, GNUTLS_CRT_X509, &text,
							  0);
	r = sp_fail(err, SP_E_DENIED, "%s at '%s': certificate refused: %s", c->what,
		    httpc_address(c), rc < 0 ? "it does not verify" : (char *)text.data);
	gnutls_free(text.data);
	return r;
}

static int fail_handshake(struct sp_httpc *c, int rc, struct sp_err *err)
{
	c->conn->tls_error = rc;
	if (c->conn->refused || c->conn->pin_missed)
		return fail_refused(c, err);
	return httpc_fail_lost(c, -EPROTO, err);
}

int httpc_tls_open(struct sp_httpc *c, int64_t until_ns, struct sp_err *err)
{
	int rc, r = load(c, err);

	if (r == 0)
		r = prepare(c, err);
	if (r < 0)
		return r;
	while ((rc = gnutls_handshake(c->conn->session)) < 0) {
		bool sending = gnutls_record_get_direction(c->conn->session) == 1;

		if (gnutls_error_is_fatal(rc))
			return fail_handshake(c, rc, err);
		r = rc == GNUTLS_E_AGAIN
			    ? httpc_wait(c, c->conn->fd, sending ? POLLOUT : POLLIN, until_ns, err)
			    : httpc_in_time(c, until_ns, err);
		if (r == 0)
			r = sp_fail(err, SP_E_TIMEOUT, "%s at '%s': no TLS session in time",
				    c->what, httpc_address(c));
		if (r < 0)
			return r;
	}
	/* A connection that switched protocols outlives the handle. */
	gnutls_session_set_ptr(c->conn->session, NULL);
	return 0;
}

void httpc_tls_close(struct httpc_conn *conn)
{
	if (conn->session) {
		gnutls_bye(conn->session, GNUTLS_SHUT_WR);
		gnutls_deinit(conn->session);
	}
	if (conn->credentials)
		gnutls_certificate_free_credentials(conn->credentials);
}
