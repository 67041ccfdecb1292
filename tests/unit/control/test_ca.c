/* The authority: chains that GnuTLS itself verifies, and nothing taken from a request but its key.
 */
#include "control/node/ca.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "tests/unit/control/scratch.h"

static struct ca *ca;
static struct sp_err err;

static void open_ca(void)
{
	scratch_make();
	cr_assert_eq(ca_open(scratch_dir, &ca, &err), 0, "%s", err.message);
}

static void drop(void)
{
	ca_free(ca);
	scratch_remove();
}

TestSuite(ca, .init = open_ca, .fini = drop);

static gnutls_x509_crt_t parse(const char *pem)
{
	gnutls_datum_t d = { (unsigned char *)pem, (unsigned int)strlen(pem) };
	gnutls_x509_crt_t c;

	gnutls_x509_crt_init(&c);
	cr_assert_eq(gnutls_x509_crt_import(c, &d, GNUTLS_X509_FMT_PEM), 0);
	return c;
}

/* The verdict of a full chain verification for a purpose; 0 is good. */
static unsigned int verdict(const char *pem, const char *purpose, const char *host)
{
	gnutls_x509_crt_t leaf = parse(pem), root = parse(ca_pem(ca));
	gnutls_typed_vdata_st wanted[2] = {
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)purpose },
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)host },
	};
	gnutls_x509_trust_list_t list;
	unsigned int status = 0;

	gnutls_x509_trust_list_init(&list, 0);
	gnutls_x509_trust_list_add_cas(list, &root, 1, 0);
	cr_assert_eq(gnutls_x509_trust_list_verify_crt2(list, &leaf, 1, wanted, host ? 2 : 1, 0,
							&status, NULL),
		     0);
	gnutls_x509_trust_list_deinit(list, 1);
	gnutls_x509_crt_deinit(leaf);
	return status;
}

static void expect_dn(const char *pem, const char *wanted)
{
	gnutls_x509_crt_t c = parse(pem);
	char dn[256];
	size_t len = sizeof(dn);

	cr_assert_eq(gnutls_x509_crt_get_dn(c, dn, &len), 0);
	cr_expect_str_eq(dn, wanted);
	gnutls_x509_crt_deinit(c);
}

static char *make_request(const char *cn)
{
	gnutls_x509_crq_t q;
	gnutls_x509_privkey_t key;
	gnutls_datum_t out;
	char *pem;

	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crq_init(&q);
	gnutls_x509_crq_set_dn_by_oid(q, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
				      (unsigned int)strlen(cn));
	gnutls_x509_crq_set_dn_by_oid(q, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "control", 7);
	gnutls_x509_crq_set_key(q, key);
	cr_assert_eq(gnutls_x509_crq_sign2(q, key, GNUTLS_DIG_SHA256, 0), 0);
	gnutls_x509_crq_export2(q, GNUTLS_X509_FMT_PEM, &out);
	pem = strndup((char *)out.data, out.size);
	gnutls_free(out.data);
	gnutls_x509_crq_deinit(q);
	gnutls_x509_privkey_deinit(key);
	return pem;
}

Test(ca, is_made_once_and_found_again)
{
	struct ca *again = NULL;

	cr_assert_eq(ca_open(scratch_dir, &again, &err), 0, "%s", err.message);
	cr_expect_str_eq(ca_pem(again), ca_pem(ca));
	cr_expect_str_eq(ca_fingerprint(again), ca_fingerprint(ca));
	cr_expect(sp_digest_valid(ca_fingerprint(ca)));
	ca_free(again);
}

Test(ca, keeps_its_key_to_its_owner)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ca.key", scratch_dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

static void in_scratch(char ret[128], const char *file)
{
	snprintf(ret, 128, "%s/%s", scratch_dir, file);
}

Test(ca, never_replaces_a_key_whose_certificate_is_gone)
{
	autobuf struct sp_buf before = SP_BUF_INIT, after = SP_BUF_INIT;
	struct ca *again = NULL;
	char key[128], cert[128];

	in_scratch(key, "ca.key");
	in_scratch(cert, "ca.crt");
	cr_assert_eq(sp_file_read_at(AT_FDCWD, key, 4096, &before, &err), 0);
	cr_assert_eq(unlink(cert), 0);
	cr_assert_eq(ca_open(scratch_dir, &again, &err), 0, "%s", err.message);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, key, 4096, &after, &err), 0);
	cr_expect_str_eq(after.data, before.data);
	ca_free(again);
}

Test(ca, is_refused_when_key_and_certificate_are_no_pair)
{
	struct ca *again = NULL;
	char key[128], cert[128], kept[128];

	in_scratch(key, "ca.key");
	in_scratch(cert, "ca.crt");
	in_scratch(kept, "kept.crt");
	cr_assert_eq(rename(cert, kept), 0);
	cr_assert_eq(unlink(key), 0);
	cr_assert_eq(ca_open(scratch_dir, &again, &err), 0, "%s", err.message);
	ca_free(again);
	cr_assert_eq(rename(kept, cert), 0);
	cr_expect_eq(ca_open(scratch_dir, &again, &err), -EINVAL);
	cr_expect_not_null(strstr(err.message, "ca.key is not the key of ca.crt"), "%s",
			   err.message);
}

Test(ca, gives_a_client_a_certificate_that_serves_no_one)
{
	struct ca_subject who = { .name = "ann", .role = "operator", .client = true };
	autofree char *cert = NULL, *key = NULL;

	cr_assert_eq(ca_issue(ca, &who, &cert, &key, &err), 0, "%s", err.message);
	expect_dn(cert, "CN=ann,O=operator");
	cr_expect_eq(verdict(cert, GNUTLS_KP_TLS_WWW_CLIENT, NULL), 0);
	cr_expect_neq(verdict(cert, GNUTLS_KP_TLS_WWW_SERVER, NULL), 0);
	cr_expect(strstr(key, "PRIVATE KEY") != NULL);
}

Test(ca, gives_a_server_its_names_and_no_others)
{
	const char *const names[] = { "control", "192.168.56.10", "::1" };
	struct ca_subject who = {
		.name = "control", .role = "control", .names = names, .n_names = 3, .server = true
	};
	autofree char *cert = NULL, *key = NULL;
	gnutls_x509_crt_t c;

	cr_assert_eq(ca_issue(ca, &who, &cert, &key, &err), 0, "%s", err.message);
	cr_expect_eq(verdict(cert, GNUTLS_KP_TLS_WWW_SERVER, "control"), 0);
	cr_expect_neq(verdict(cert, GNUTLS_KP_TLS_WWW_SERVER, "elsewhere"), 0);
	c = parse(cert);
	cr_expect(gnutls_x509_crt_check_hostname(c, "192.168.56.10"));
	cr_expect(gnutls_x509_crt_check_hostname(c, "::1"));
	cr_expect(!gnutls_x509_crt_check_hostname(c, "192.168.56.11"));
	gnutls_x509_crt_deinit(c);
}

Test(ca, takes_only_the_key_from_a_signing_request)
{
	autofree char *csr = make_request("root-of-all"), *cert = NULL;
	struct ca_subject who = { .name = "worker1", .role = "node", .server = true };
	char key_id[SP_DIGEST_MAX];

	cr_assert_eq(ca_sign(ca, csr, &who, &cert, key_id, &err), 0, "%s", err.message);
	expect_dn(cert, "CN=worker1,O=node");
	cr_expect_eq(verdict(cert, GNUTLS_KP_TLS_WWW_SERVER, NULL), 0);
	cr_expect(sp_digest_valid(key_id));
}

Test(ca, tells_two_keys_apart)
{
	struct ca_subject who = { .name = "worker1", .role = "node", .server = true };
	autofree char *a = make_request("a"), *b = make_request("b"), *ca1 = NULL, *ca2 = NULL,
		      *ca3 = NULL;
	char id_a[SP_DIGEST_MAX], id_b[SP_DIGEST_MAX], id_again[SP_DIGEST_MAX];

	cr_assert_eq(ca_sign(ca, a, &who, &ca1, id_a, &err), 0);
	cr_assert_eq(ca_sign(ca, b, &who, &ca2, id_b, &err), 0);
	cr_assert_eq(ca_sign(ca, a, &who, &ca3, id_again, &err), 0);
	cr_expect_str_neq(id_a, id_b);
	cr_expect_str_eq(id_a, id_again);
}

Test(ca, refuses_garbage_and_requests_whose_signature_is_not_the_keys)
{
	autofree char *csr = make_request("x");
	struct ca_subject who = { .name = "worker1", .role = "node" };
	char key_id[SP_DIGEST_MAX], *cert = NULL, *middle;

	cr_expect_eq(ca_sign(ca, "not a request", &who, &cert, key_id, &err), -EINVAL);
	middle = csr + strlen(csr) - 60; /* inside the signature */
	*middle = *middle == 'A' ? 'B' : 'A';
	cr_expect_eq(ca_sign(ca, csr, &who, &cert, key_id, &err), -EINVAL);
	cr_expect_null(cert);
}

static void read_file(const char *name, char ret[8192])
{
	autobuf struct sp_buf b = SP_BUF_INIT;
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	cr_assert_eq(sp_file_read_at(AT_FDCWD, path, 8000, &b, &err), 0, "%s", err.message);
	snprintf(ret, 8192, "%s", b.data);
}

Test(ca, keeps_a_pair_until_a_name_is_added)
{
	const char *const names[] = { "control", "10.0.0.1" };
	struct ca_subject who = {
		.name = "control", .role = "control", .names = names, .n_names = 1, .server = true
	};
	char first[8192], second[8192], third[8192];

	cr_assert_eq(ca_keep(ca, scratch_dir, "server", &who, &err), 0, "%s", err.message);
	read_file("server.crt", first);
	read_file("ca.crt", third);
	cr_expect(strstr(first, third),
		  "the chain ends in the authority, known to joiners by its digest");
	cr_assert_eq(ca_keep(ca, scratch_dir, "server", &who, &err), 0);
	read_file("server.crt", second);
	cr_expect_str_eq(first, second);
	who.n_names = 2;
	cr_assert_eq(ca_keep(ca, scratch_dir, "server", &who, &err), 0);
	read_file("server.crt", third);
	cr_expect_str_neq(first, third);
}
