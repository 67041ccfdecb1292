/*
 * Who is on the other side: SO_PEERCRED on a unix socket, the client certificate on TLS. A
 * certificate that does not verify against our authority is not "no certificate": it is refused.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#include "base/httpd_impl.h"

static void learn_unix(struct httpd_conn *conn)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	conn->peer.local = true;
	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0) {
		conn->peer_refused = true;
		return;
	}
	conn->peer.uid = cred.uid;
	conn->peer.pid = cred.pid;
}

/* One attribute of the subject; a value that is cut or holds a NUL is no value. */
static bool read_subject(gnutls_x509_crt_t crt, const char *oid, char ret[SP_HTTP_NAME_MAX])
{
	size_t len = SP_HTTP_NAME_MAX;

	if (gnutls_x509_crt_get_dn_by_oid(crt, oid, 0, 0, ret, &len) < 0 || strlen(ret) != len) {
		ret[0] = '\0';
		return false;
	}
	return true;
}

static bool read_certificate(const gnutls_datum_t *der, struct sp_http_peer *peer)
{
	gnutls_x509_crt_t crt;
	bool ok;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	ok = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) >= 0 &&
	     read_subject(crt, GNUTLS_OID_X520_COMMON_NAME, peer->name) &&
	     read_subject(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, peer->role);
	gnutls_x509_crt_deinit(crt);
	if (!ok)
		peer->name[0] = peer->role[0] = '\0';
	return ok;
}

static void learn_tls(struct httpd_conn *conn, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session = info->tls_session;
	const gnutls_datum_t *chain;
	unsigned int n = 0, status = 0;

	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || n == 0)
		return;
	conn->peer_refused = gnutls_certificate_verify_peers2(session, &status) < 0 || status ||
			     !read_certificate(&chain[0], &conn->peer);
}

void httpd_peer_learn(struct httpd_conn *conn, struct MHD_Connection *c)
{
	if (conn->peer_known)
		return;
	conn->peer_known = true;
	if (conn->tls)
		learn_tls(conn, c);
	else
		learn_unix(conn);
}
