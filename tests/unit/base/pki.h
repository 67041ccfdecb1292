/* A throw-away certificate authority for the tests of TLS, written as PEM files into a directory.
 */
#pragma once

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/fd.h"

struct pki {
	gnutls_x509_privkey_t key; /* of the authority */
	gnutls_x509_crt_t crt;
	const char *dir;
};

#define PKI_OK(call) cr_assert_geq((call), 0, "%s", #call)

static void pki_write(const char *dir, const char *name, const char *end, const gnutls_datum_t *pem,
		      const gnutls_datum_t *more)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(sp_write_all(fd, pem->data, pem->size), 0);
	if (more)
		cr_assert_eq(sp_write_all(fd, more->data, more->size), 0);
	close(fd);
}

static gnutls_x509_crt_t pki_certificate(const char *name, const char *role,
					 gnutls_x509_privkey_t key, bool authority)
{
	static unsigned char serial = 1;
	gnutls_x509_crt_t crt;
	time_t now = time(NULL);

	PKI_OK(gnutls_x509_crt_init(&crt));
	PKI_OK(gnutls_x509_crt_set_version(crt, 3));
	serial++;
	PKI_OK(gnutls_x509_crt_set_serial(crt, &serial, 1));
	PKI_OK(gnutls_x509_crt_set_activation_time(crt, now - 3600));
	PKI_OK(gnutls_x509_crt_set_expiration_time(crt, now + 3600));
	PKI_OK(gnutls_x509_crt_set_key(crt, key));
	PKI_OK(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					     (unsigned int)strlen(name)));
	PKI_OK(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, role,
					     (unsigned int)strlen(role)));
	PKI_OK(gnutls_x509_crt_set_basic_constraints(crt, authority, authority ? 0 : -1));
	PKI_OK(gnutls_x509_crt_set_key_usage(crt, authority ? GNUTLS_KEY_KEY_CERT_SIGN
							    : GNUTLS_KEY_DIGITAL_SIGNATURE));
	return crt;
}

static gnutls_x509_privkey_t pki_key(void)
{
	gnutls_x509_privkey_t key;

	PKI_OK(gnutls_x509_privkey_init(&key));
	PKI_OK(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	return key;
}

/* An authority as dir/NAME.crt; its fingerprint into pin. */
static void pki_open(struct pki *p, const char *dir, const char *name, char pin[SP_DIGEST_MAX])
{
	gnutls_datum_t pem, der;

	p->dir = dir;
	p->key = pki_key();
	p->crt = pki_certificate(name, "authority", p->key, true);
	PKI_OK(gnutls_x509_crt_sign2(p->crt, p->crt, p->key, GNUTLS_DIG_SHA256, 0));
	PKI_OK(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_PEM, &pem));
	PKI_OK(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_DER, &der));
	pki_write(dir, name, ".crt", &pem, NULL);
	cr_assert_eq(sp_digest_of(der.data, der.size, pin, NULL), 0);
	gnutls_free(pem.data);
	gnutls_free(der.data);
}

/* dir/NAME.crt (with the authority's behind it) and dir/NAME.key, good for 127.0.0.1; purpose:
 * GNUTLS_KP_*, or NULL for any. */
static void pki_issue_for(struct pki *p, const char *name, const char *role, const char *purpose)
{
	gnutls_x509_privkey_t key = pki_key();
	gnutls_x509_crt_t crt = pki_certificate(name, role, key, false);
	struct in_addr local = { .s_addr = htonl(INADDR_LOOPBACK) };
	gnutls_datum_t pem, authority;

	PKI_OK(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, &local,
						    sizeof(local), 0));
	if (purpose)
		PKI_OK(gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0));
	PKI_OK(gnutls_x509_crt_sign2(crt, p->crt, p->key, GNUTLS_DIG_SHA256, 0));
	PKI_OK(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem));
	PKI_OK(gnutls_x509_crt_export2(p->crt, GNUTLS_X509_FMT_PEM, &authority));
	pki_write(p->dir, name, ".crt", &pem, &authority);
	gnutls_free(pem.data);
	gnutls_free(authority.data);
	PKI_OK(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem));
	pki_write(p->dir, name, ".key", &pem, NULL);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

__attribute__((unused)) static void pki_issue(struct pki *p, const char *name, const char *role)
{
	pki_issue_for(p, name, role, NULL);
}

static void pki_close(struct pki *p)
{
	gnutls_x509_crt_deinit(p->crt);
	gnutls_x509_privkey_deinit(p->key);
}
