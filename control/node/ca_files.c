/* Pairs of key and certificate as files; see ca.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "control/node/ca_impl.h"

#define PEM_MAX 65536

static int write_pair(int dirfd, const char *file, const char *cert, const char *key,
		      struct sp_err *err)
{
	char name[80];
	int r;

	snprintf(name, sizeof(name), "%s.key", file);
	r = sp_file_replace_at(dirfd, name, key, strlen(key), 0600, err);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.crt", file);
	return sp_file_replace_at(dirfd, name, cert, strlen(cert), 0644, err);
}

/* A server presents its authority too: a node that joins knows that by its fingerprint alone. */
static int make_pair(const struct ca *ca, int dirfd, const char *file, const struct ca_subject *who,
		     struct sp_err *err)
{
	autofree char *cert = NULL, *key = NULL;
	autofree char *chain = NULL;
	int r = ca_issue(ca, who, &cert, &key, err);

	if (r < 0)
		return r;
	chain = sp_str_format("%s%s", cert, who->server ? ca->pem : "");
	r = chain ? write_pair(dirfd, file, chain, key, err) : sp_fail_nomem(err);
	if (key)
		explicit_bzero(key, strlen(key));
	return r;
}

/* One name of the certificate, as text; false past the last. */
static bool name_at(gnutls_x509_crt_t cert, unsigned int i, char *ret, size_t room)
{
	char raw[256];
	size_t len = sizeof(raw) - 1;
	int type = gnutls_x509_crt_get_subject_alt_name(cert, i, raw, &len, NULL);

	if (type < 0)
		return false;
	raw[len] = '\0';
	if (type == GNUTLS_SAN_IPADDRESS)
		return inet_ntop(len == 4 ? AF_INET : AF_INET6, raw, ret, (socklen_t)room) != NULL;
	snprintf(ret, room, "%s", raw);
	return true;
}

static bool has_name(gnutls_x509_crt_t cert, const char *name)
{
	char text[256];

	for (unsigned int i = 0; name_at(cert, i, text, sizeof(text)); i++)
		if (!strcmp(text, name))
			return true;
	return false;
}

static bool is_good(const struct ca *ca, gnutls_x509_crt_t cert, const struct ca_subject *who)
{
	time_t least = time(NULL) + (time_t)CA_RENEW_DAYS * 86400;
	unsigned int status = 0;

	if (gnutls_x509_crt_get_expiration_time(cert) < least)
		return false;
	if (gnutls_x509_crt_verify(cert, &ca->cert, 1, 0, &status) < 0 || status)
		return false;
	for (size_t i = 0; i < who->n_names; i++)
		if (!has_name(cert, who->names[i]))
			return false;
	return true;
}

static bool is_kept(const struct ca *ca, int dirfd, const char *file, const struct ca_subject *who)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	gnutls_x509_crt_t cert = NULL;
	gnutls_datum_t d;
	char name[80];
	bool good;

	snprintf(name, sizeof(name), "%s.key", file);
	if (faccessat(dirfd, name, R_OK, 0) < 0)
		return false;
	snprintf(name, sizeof(name), "%s.crt", file);
	if (sp_file_read_at(dirfd, name, PEM_MAX, &text, NULL) < 0)
		return false;
	d = (gnutls_datum_t){ (unsigned char *)text.data, (unsigned int)text.len };
	if (gnutls_x509_crt_init(&cert) < 0)
		return false;
	good = gnutls_x509_crt_import(cert, &d, GNUTLS_X509_FMT_PEM) == 0 && is_good(ca, cert, who);
	gnutls_x509_crt_deinit(cert);
	return good;
}

int ca_keep(const struct ca *ca, const char *dir, const char *file, const struct ca_subject *who,
	    struct sp_err *err)
{
	autoclose int dirfd = -1;
	int r = ca_open_dir(dir, &dirfd, err);

	if (r < 0)
		return r;
	if (is_kept(ca, dirfd, file, who))
		return 0;
	return make_pair(ca, dirfd, file, who, err);
}

int ca_export(const struct ca *ca, const char *dir, const char *file, const struct ca_subject *who,
	      struct sp_err *err)
{
	autoclose int dirfd = -1;
	int r = ca_open_dir(dir, &dirfd, err);

	if (r < 0)
		return r;
	r = sp_file_replace_at(dirfd, "ca.crt", ca->pem, strlen(ca->pem), 0644, err);
	return r < 0 ? r : make_pair(ca, dirfd, file, who, err);
}
