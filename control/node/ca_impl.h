/* What ca.c and ca_issue.c share: the authority itself, and GnuTLS's errors as ours. */
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "control/node/ca.h"

struct ca {
	gnutls_x509_crt_t cert;
	gnutls_x509_privkey_t key;
	char *pem;
	char fingerprint[SP_DIGEST_MAX];
};

/* The authority's directory, made when it is not there. */
int ca_open_dir(const char *dir, int *ret_fd, struct sp_err *err);
int ca_tls_fail(struct sp_err *err, int rc, const char *what);
int ca_new_key(gnutls_x509_privkey_t *ret, struct sp_err *err);
/* Version, serial number, and a life from an hour ago (clocks differ) for so many days. */
int ca_set_basics(gnutls_x509_crt_t cert, int days, struct sp_err *err);
int ca_cert_pem(gnutls_x509_crt_t cert, char **ret, struct sp_err *err);
int ca_key_pem(gnutls_x509_privkey_t key, char **ret, struct sp_err *err);
