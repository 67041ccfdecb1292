/*
 * The cluster's certificate authority: a key and a self-signed certificate in controld's state
 * directory, made at first start, and the certificates it gives out. Subject: CN=name, O=role.
 * ECDSA P-256 throughout. Read-only after opening, so threads share it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/mem.h"

#define CA_LEAF_DAYS  825
#define CA_CSR_MAX    16384 /* bytes of a signing request in PEM */
#define CA_NAMES_MAX  16    /* alternative names of one certificate */
#define CA_RENEW_DAYS 30    /* our own certificates are made anew when fewer are left */

struct ca;

/* What a certificate says. names: host names and IPv4/IPv6 addresses it is valid for as a server.
 */
struct ca_subject {
	const char *name, *role;
	const char *const *names;
	size_t n_names;
	bool server, client;
};

/* Open dir/ca.crt and dir/ca.key, which must be a pair; what is missing of it is made, but a key
 * that is there is never replaced. */
int ca_open(const char *dir, struct ca **ret, struct sp_err *err);
void ca_free(struct ca *ca); /* takes NULL */
SP_AUTO(struct ca *, ca_free)

const char *ca_pem(const struct ca *ca);
const char *ca_fingerprint(const struct ca *ca); /* "sha256:..." of the certificate's DER */

/* A new key and its certificate, as PEM on the heap. */
int ca_issue(const struct ca *ca, const struct ca_subject *who, char **ret_cert, char **ret_key,
	     struct sp_err *err);

/*
 * The certificate for the key of a signing request (PEM). Nothing but the key is taken from the
 * request, and only after its signature proved that the asker holds it. ret_key_id: the digest of
 * that public key.
 */
int ca_sign(const struct ca *ca, const char *csr, const struct ca_subject *who, char **ret_cert,
	    char ret_key_id[SP_DIGEST_MAX], struct sp_err *err);

/* See that dir/<file>.crt and dir/<file>.key are a pair of this authority for who, valid for some
 * time yet; make them anew otherwise. */
int ca_keep(const struct ca *ca, const char *dir, const char *file, const struct ca_subject *who,
	    struct sp_err *err);

/* Write a new pair and the authority's certificate: <file>.crt, <file>.key, ca.crt in dir. */
int ca_export(const struct ca *ca, const char *dir, const char *file, const struct ca_subject *who,
	      struct sp_err *err);
