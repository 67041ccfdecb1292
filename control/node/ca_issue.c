/* Certificates given out by the authority; see ca.h. */
#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/ca_impl.h"

static void free_cert(gnutls_x509_crt_t *c)
{
	if (*c)
		gnutls_x509_crt_deinit(*c);
}

static void free_key(gnutls_x509_privkey_t *k)
{
	if (*k)
		gnutls_x509_privkey_deinit(*k);
}

static void free_request(gnutls_x509_crq_t *q)
{
	if (*q)
		gnutls_x509_crq_deinit(*q);
}

#define autocert    __attribute__((cleanup(free_cert)))
#define autokey     __attribute__((cleanup(free_key)))
#define autorequest __attribute__((cleanup(free_request)))

static int add_name(gnutls_x509_crt_t cert, const char *name)
{
	unsigned char ip[16];

	if (inet_pton(AF_INET, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, ip, 4,
							    GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, ip, 16,
							    GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, name,
						    (unsigned int)strlen(name), GNUTLS_FSAN_APPEND);
}

static int set_subject(gnutls_x509_crt_t cert, const struct ca_subject *who)
{
	int rc = gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, who->name,
					       (unsigned int)strlen(who->name));

	if (rc == 0)
		rc = gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
						   who->role, (unsigned int)strlen(who->role));
	for (size_t i = 0; rc == 0 && i < who->n_names && i < CA_NAMES_MAX; i++)
		rc = add_name(cert, who->names[i]);
	return rc;
}

static int set_purpose(gnutls_x509_crt_t cert, const struct ca_subject *who)
{
	int rc = gnutls_x509_crt_set_basic_constraints(cert, 0, -1);

	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc == 0 && who->server)
		rc = gnutls_x509_crt_set_key_purpose_oid(cert, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (rc == 0 && who->client)
		rc = gnutls_x509_crt_set_key_purpose_oid(cert, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	return rc;
}

/* cert already holds the public key. */
static int complete(const struct ca *ca, gnutls_x509_crt_t cert, const struct ca_subject *who,
		    char **ret, struct sp_err *err)
{
	unsigned char id[32];
	size_t len = sizeof(id);
	int r = ca_set_basics(cert, CA_LEAF_DAYS, err);
	int rc;

	if (r < 0)
		return r;
	rc = set_subject(cert, who);
	if (rc == 0)
		rc = set_purpose(cert, who);
	if (rc == 0)
		rc = gnutls_x509_crt_get_subject_key_id(ca->cert, id, &len, NULL);
	if (rc == 0)
		rc = gnutls_x509_crt_set_authority_key_id(cert, id, len);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(cert, ca->cert, ca->key, GNUTLS_DIG_SHA256, 0);
	if (rc < 0)
		return ca_tls_fail(err, rc, "certificate");
	return ca_cert_pem(cert, ret, err);
}

int ca_issue(const struct ca *ca, const struct ca_subject *who, char **ret_cert, char **ret_key,
	     struct sp_err *err)
{
	autocert gnutls_x509_crt_t cert = NULL;
	autokey gnutls_x509_privkey_t key = NULL;
	autofree char *pem = NULL;
	int r = ca_new_key(&key, err);
	int rc;

	if (r < 0)
		return r;
	rc = gnutls_x509_crt_init(&cert);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(cert, key);
	if (rc < 0)
		return ca_tls_fail(err, rc, "certificate");
	r = complete(ca, cert, who, &pem, err);
	if (r == 0)
		r = ca_key_pem(key, ret_key, err);
	if (r == 0)
		*ret_cert = take_ptr(pem);
	return r;
}

static int read_request(const char *csr, gnutls_x509_crq_t *ret, struct sp_err *err)
{
	gnutls_datum_t d = { (unsigned char *)csr, (unsigned int)strlen(csr) };
	int rc;

	if (d.size > CA_CSR_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "the signing request is over %d bytes",
			       CA_CSR_MAX);
	rc = gnutls_x509_crq_init(ret);
	if (rc == 0)
		rc = gnutls_x509_crq_import(*ret, &d, GNUTLS_X509_FMT_PEM);
	if (rc == 0)
		rc = gnutls_x509_crq_verify(*ret, 0);
	return rc < 0 ? ca_tls_fail(err, rc, "signing request") : 0;
}

static int key_digest(gnutls_x509_crq_t request, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	unsigned char id[32];
	size_t len = sizeof(id);
	int rc = gnutls_x509_crq_get_key_id(request, GNUTLS_KEYID_USE_SHA256, id, &len);

	if (rc < 0)
		return ca_tls_fail(err, rc, "signing request");
	return sp_digest_of(id, len, ret, err);
}

/* The key alone: gnutls_x509_crt_set_crq() would take the asker's own subject over as well. */
static int take_key(gnutls_x509_crt_t cert, gnutls_x509_crq_t request)
{
	gnutls_pubkey_t key = NULL;
	int rc = gnutls_pubkey_init(&key);

	if (rc == 0)
		rc = gnutls_pubkey_import_x509_crq(key, request, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_pubkey(cert, key);
	gnutls_pubkey_deinit(key);
	return rc;
}

int ca_sign(const struct ca *ca, const char *csr, const struct ca_subject *who, char **ret_cert,
	    char ret_key_id[SP_DIGEST_MAX], struct sp_err *err)
{
	autocert gnutls_x509_crt_t cert = NULL;
	autorequest gnutls_x509_crq_t request = NULL;
	int r = read_request(csr, &request, err);
	int rc;

	if (r == 0)
		r = key_digest(request, ret_key_id, err);
	if (r < 0)
		return r;
	rc = gnutls_x509_crt_init(&cert);
	if (rc == 0)
		rc = take_key(cert, request);
	if (rc < 0)
		return ca_tls_fail(err, rc, "signing request");
	return complete(ca, cert, who, ret_cert, err);
}
