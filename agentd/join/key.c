/* See key.h; over GnuTLS. */
#include "agentd/join/key.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

/* The value of a GnuTLS call: what failed is remembered once, what follows does nothing. */
struct steps {
	int rc;
	const char *what;
};

static void step(struct steps *s, int rc, const char *what)
{
	if (s->rc >= 0 && rc < 0)
		*s = (struct steps){ .rc = rc, .what = what };
}

static char *take_text(gnutls_datum_t *d)
{
	char *text = d->data ? strndup((const char *)d->data, d->size) : NULL;

	if (d->data)
		explicit_bzero(d->data, d->size);
	gnutls_free(d->data);
	return text;
}

static void fill_request(struct steps *s, gnutls_x509_crq_t crq, gnutls_x509_privkey_t key,
			 const char *name)
{
	step(s, gnutls_x509_crq_set_version(crq, 1), "version");
	step(s,
	     gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 0, name,
					   (unsigned int)strlen(name)),
	     "name");
	step(s, gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "node", 4),
	     "role");
	step(s, gnutls_x509_crq_set_key(crq, key), "key");
	step(s, gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0), "signature");
}

int join_key_make(const char *name, char **ret_key, char **ret_csr, struct sp_err *err)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t key_pem = { 0 }, csr_pem = { 0 };
	struct steps s = { 0 };
	int r = 0;

	step(&s, gnutls_x509_privkey_init(&key), "key");
	step(&s, gnutls_x509_crq_init(&crq), "request");
	if (s.rc >= 0)
		step(&s,
		     gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
						  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						  0),
		     "key");
	if (s.rc >= 0)
		fill_request(&s, crq, key, name);
	if (s.rc >= 0)
		step(&s, gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem), "key");
	if (s.rc >= 0)
		step(&s, gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &csr_pem), "request");
	gnutls_x509_crq_deinit(crq);
	gnutls_x509_privkey_deinit(key);
	*ret_key = take_text(&key_pem);
	*ret_csr = take_text(&csr_pem);
	if (s.rc < 0)
		r = sp_fail(err, SP_E_INTERNAL, "signing request, %s: %s", s.what,
			    gnutls_strerror(s.rc));
	else if (!*ret_key || !*ret_csr)
		r = sp_fail_nomem(err);
	return r;
}
