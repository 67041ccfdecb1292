/* The authority's own key and certificate; see ca.h. Giving out certificates is ca_issue.c. */
#include "control/node/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>

#include "base/fd.h"
#include "base/path.h"
#include "control/node/ca_impl.h"

#define CA_DAYS      3650
#define PEM_MAX      65536
#define BACKDATE_S   3600
#define SECONDS_DAY  86400
#define SERIAL_BYTES 16

int ca_tls_fail(struct sp_err *err, int rc, const char *what)
{
	return sp_fail(err, rc == GNUTLS_E_MEMORY_ERROR ? SP_E_NO_MEMORY : SP_E_INVALID, "%s: %s",
		       what, gnutls_strerror(rc));
}

int ca_open_dir(const char *dir, int *ret_fd, struct sp_err *err)
{
	int fd, r = sp_mkdirs(dir, 0700, err);

	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "directory '%s'", dir);
	*ret_fd = fd;
	return 0;
}

int ca_new_key(gnutls_x509_privkey_t *ret, struct sp_err *err)
{
	int rc = gnutls_x509_privkey_init(ret);

	if (rc < 0)
		return ca_tls_fail(err, rc, "key");
	rc = gnutls_x509_privkey_generate(*ret, GNUTLS_PK_ECDSA,
					  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc < 0) {
		gnutls_x509_privkey_deinit(*ret);
		*ret = NULL;
		return ca_tls_fail(err, rc, "key");
	}
	return 0;
}

int ca_set_basics(gnutls_x509_crt_t cert, int days, struct sp_err *err)
{
	unsigned char serial[SERIAL_BYTES];
	time_t now = time(NULL);
	int rc;

	if (getrandom(serial, sizeof(serial), 0) != (ssize_t)sizeof(serial))
		return sp_fail_errno(err, errno, "random serial number");
	serial[0] &= 0x7f; /* a positive number */
	rc = gnutls_x509_crt_set_version(cert, 3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(cert, serial, sizeof(serial));
	if (rc == 0)
		rc = gnutls_x509_crt_set_activation_time(cert, now - BACKDATE_S);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(cert, now + (time_t)days * SECONDS_DAY);
	return rc < 0 ? ca_tls_fail(err, rc, "certificate") : 0;
}

static int take_datum(int rc, gnutls_datum_t *d, char **ret, struct sp_err *err)
{
	if (rc < 0)
		return ca_tls_fail(err, rc, "PEM");
	*ret = strndup((const char *)d->data, d->size);
	gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
	return *ret ? 0 : sp_fail_nomem(err);
}

int ca_cert_pem(gnutls_x509_crt_t cert, char **ret, struct sp_err *err)
{
	gnutls_datum_t d = { 0 };

	return take_datum(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &d), &d, ret, err);
}

int ca_key_pem(gnutls_x509_privkey_t key, char **ret, struct sp_err *err)
{
	gnutls_datum_t d = { 0 };

	return take_datum(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
							    GNUTLS_PKCS_PLAIN, &d),
			  &d, ret, err);
}

static int sign_self(struct ca *ca, struct sp_err *err)
{
	unsigned char id[32];
	size_t len = sizeof(id);
	int rc = gnutls_x509_crt_init(&ca->cert);
	int r = rc < 0 ? ca_tls_fail(err, rc, "CA certificate")
		       : ca_set_basics(ca->cert, CA_DAYS, err);

	if (r < 0)
		return r;
	rc = gnutls_x509_crt_set_dn(ca->cert, "CN=StackPilot cluster CA,O=ca", NULL);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(ca->cert, ca->key);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(ca->cert, 1, 0);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key_usage(ca->cert,
						   GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	if (rc == 0)
		rc = gnutls_x509_crt_get_key_id(ca->cert, GNUTLS_KEYID_USE_SHA256, id, &len);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_key_id(ca->cert, id, len);
	if (rc == 0)
		rc = gnutls_x509_crt_sign2(ca->cert, ca->cert, ca->key, GNUTLS_DIG_SHA256, 0);
	return rc < 0 ? ca_tls_fail(err, rc, "CA certificate") : 0;
}

static gnutls_datum_t datum_of(struct sp_buf *b)
{
	return (gnutls_datum_t){ (unsigned char *)b->data, (unsigned int)b->len };
}

static int load_key(struct ca *ca, int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf key = SP_BUF_INIT;
	int rc, r = sp_file_read_at(dirfd, "ca.key", PEM_MAX, &key, err);
	gnutls_datum_t d;

	if (r < 0)
		return r;
	d = datum_of(&key);
	rc = gnutls_x509_privkey_init(&ca->key);
	if (rc == 0)
		rc = gnutls_x509_privkey_import(ca->key, &d, GNUTLS_X509_FMT_PEM);
	explicit_bzero(key.data, key.len);
	return rc < 0 ? ca_tls_fail(err, rc, "ca.key") : 0;
}

static int make_key(struct ca *ca, int dirfd, struct sp_err *err)
{
	autofree char *key = NULL;
	int r = ca_new_key(&ca->key, err);

	if (r == 0)
		r = ca_key_pem(ca->key, &key, err);
	if (r == 0)
		r = sp_file_replace_at(dirfd, "ca.key", key, strlen(key), 0600, err);
	if (key)
		explicit_bzero(key, strlen(key));
	return r;
}

/* The key first: a certificate on disk always has its key. A key is never made anew: it may be a
 * cluster's, whose certificate was lost. */
static int make(int dirfd, struct sp_err *err)
{
	auto_(ca_free) struct ca *ca = calloc(1, sizeof(*ca));
	bool has_key = faccessat(dirfd, "ca.key", F_OK, 0) == 0;
	autofree char *cert = NULL;
	int r = ca ? 0 : sp_fail_nomem(err);

	if (r == 0)
		r = has_key ? load_key(ca, dirfd, err) : make_key(ca, dirfd, err);
	if (r == 0)
		r = sign_self(ca, err);
	if (r == 0)
		r = ca_cert_pem(ca->cert, &cert, err);
	if (r == 0)
		r = sp_file_replace_at(dirfd, "ca.crt", cert, strlen(cert), 0644, err);
	return r;
}

/* Certificates that are signed with another key are worth nothing. */
static int check_pair(const struct ca *ca, struct sp_err *err)
{
	unsigned char of_cert[32], of_key[32];
	size_t cert_len = sizeof(of_cert), key_len = sizeof(of_key);
	int rc = gnutls_x509_crt_get_key_id(ca->cert, GNUTLS_KEYID_USE_SHA256, of_cert, &cert_len);

	if (rc == 0)
		rc = gnutls_x509_privkey_get_key_id(ca->key, GNUTLS_KEYID_USE_SHA256, of_key,
						    &key_len);
	if (rc < 0)
		return ca_tls_fail(err, rc, "ca.key");
	if (cert_len != key_len || memcmp(of_cert, of_key, key_len) != 0)
		return sp_fail(err, SP_E_INVALID, "ca.key is not the key of ca.crt");
	return 0;
}

static int load(struct ca *ca, int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf cert = SP_BUF_INIT;
	gnutls_datum_t d;
	int rc, r = sp_file_read_at(dirfd, "ca.crt", PEM_MAX, &cert, err);

	if (r < 0)
		return r;
	d = datum_of(&cert);
	rc = gnutls_x509_crt_init(&ca->cert);
	if (rc == 0)
		rc = gnutls_x509_crt_import(ca->cert, &d, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return ca_tls_fail(err, rc, "ca.crt");
	r = load_key(ca, dirfd, err);
	return r < 0 ? r : check_pair(ca, err);
}

static int read_identity(struct ca *ca, struct sp_err *err)
{
	gnutls_datum_t der = { 0 };
	int r = ca_cert_pem(ca->cert, &ca->pem, err);
	int rc;

	if (r < 0)
		return r;
	rc = gnutls_x509_crt_export2(ca->cert, GNUTLS_X509_FMT_DER, &der);
	if (rc < 0)
		return ca_tls_fail(err, rc, "CA certificate");
	r = sp_digest_of(der.data, der.size, ca->fingerprint, err);
	gnutls_free(der.data);
	return r;
}

/* A new authority is read back from its files: GnuTLS verifies only with what it has parsed. */
static int open_in(struct ca *ca, int dirfd, struct sp_err *err)
{
	int r = faccessat(dirfd, "ca.crt", F_OK, 0) == 0 ? 0 : make(dirfd, err);

	if (r == 0)
		r = load(ca, dirfd, err);
	return r < 0 ? r : read_identity(ca, err);
}

int ca_open(const char *dir, struct ca **ret, struct sp_err *err)
{
	autoclose int dirfd = -1;
	struct ca *ca;
	int r = ca_open_dir(dir, &dirfd, err);

	if (r < 0)
		return r;
	if (flock(dirfd, LOCK_EX) < 0) /* two first starts at once make one authority */
		return sp_fail_errno(err, errno, "lock of '%s'", dir);
	ca = calloc(1, sizeof(*ca));
	if (!ca)
		return sp_fail_nomem(err);
	r = open_in(ca, dirfd, err);
	if (r < 0) {
		sp_err_prefix(err, "certificate authority in '%s'", dir);
		ca_free(ca);
		return r;
	}
	*ret = ca;
	return 0;
}

void ca_free(struct ca *ca)
{
	if (!ca)
		return;
	if (ca->cert)
		gnutls_x509_crt_deinit(ca->cert);
	if (ca->key)
		gnutls_x509_privkey_deinit(ca->key);
	free(ca->pem);
	free(ca);
}

const char *ca_pem(const struct ca *ca)
{
	return ca->pem;
}

const char *ca_fingerprint(const struct ca *ca)
{
	return ca->fingerprint;
}
