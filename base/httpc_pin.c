/*
 * Trust on a fingerprint: who joins a cluster knows its authority only by the SHA-256 of its
 * certificate. A first connection, which sends nothing, fetches the server's chain; the certificate
 * in it with that fingerprint becomes the only authority the real connections verify against. A
 * man in the middle can show that certificate, but not a chain signed by it.
 */
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/httpc_impl.h"
#include "base/str.h"
#include "base/time.h"

/* The digest of a certificate's DER, from its PEM. */
static int fingerprint(const char *pem, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	gnutls_datum_t in = { .data = (unsigned char *)pem, .size = (unsigned int)strlen(pem) };
	gnutls_datum_t der = { 0 };
	int r = gnutls_pem_base64_decode2("CERTIFICATE", &in, &der);

	if (r < 0)
		return sp_fail(err, SP_E_CORRUPT, "certificate in the chain: %s",
			       gnutls_strerror(r));
	r = sp_digest_of(der.data, der.size, ret, err);
	gnutls_free(der.data);
	return r;
}

static int keep_in_memfd(const char *pem, int *ret_fd, struct sp_err *err)
{
	autoclose int fd = memfd_create("authority", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return sp_fail_nomem(err);
	r = sp_write_all(fd, pem, strlen(pem));
	if (r < 0)
		return sp_fail_errno(err, -r, "memfd of the authority's certificate");
	*ret_fd = take_fd(fd);
	return 0;
}

/* Look for the pinned certificate in what curl tells of the chain. */
static int search_chain(struct sp_httpc *c, const struct curl_certinfo *chain, struct sp_err *err)
{
	for (int i = 0; i < chain->num_of_certs; i++) {
		for (struct curl_slist *s = chain->certinfo[i]; s; s = s->next) {
			char digest[SP_DIGEST_MAX];
			int r;

			if (!sp_str_starts(s->data, "Cert:"))
				continue;
			r = fingerprint(s->data + strlen("Cert:"), digest, err);
			if (r < 0)
				return r;
			if (sp_str_eq(digest, c->ca_pin))
				return keep_in_memfd(s->data + strlen("Cert:"), &c->ca_fd, err);
		}
	}
	return sp_fail(
		err, SP_E_DENIED,
		"%s at '%s': certificate refused: its authority does not have fingerprint %s",
		c->what, httpc_address(c), c->ca_pin);
}

int httpc_pin_learn(struct sp_httpc *c, struct sp_err *err)
{
	struct curl_certinfo *chain = NULL;
	CURL *easy = curl_easy_init();
	CURLcode code;
	int r;

	if (!easy)
		return sp_fail_nomem(err);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->detail);
	curl_easy_setopt(easy, CURLOPT_URL, c->base_url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(c->connect_timeout_ns / SP_NS_PER_MS));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		r = httpc_fail(c, code, easy, err);
	else if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain)
		r = sp_fail(err, SP_E_DENIED, "%s at '%s' shows no certificate", c->what,
			    httpc_address(c));
	else
		r = search_chain(c, chain, err);
	curl_easy_cleanup(easy);
	return r;
}
