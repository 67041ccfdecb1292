/* Sealed texts and the key they need; see seal.h. */
#include "control/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/str.h"

#define CIPHER      GNUTLS_CIPHER_AES_256_GCM
#define KEY_BYTES   32
#define NONCE_BYTES 12
#define TAG_BYTES   16
#define ID_DIGITS   16
#define PREFIX      "sp1:"
#define FILE_MAX    256

struct seal {
	unsigned char key[KEY_BYTES];
	char id[SEAL_ID_MAX];
};

static int crypto_fail(struct sp_err *err, int rc)
{
	return sp_fail(err, rc == GNUTLS_E_MEMORY_ERROR ? SP_E_NO_MEMORY : SP_E_INTERNAL,
		       "seal: %s", gnutls_strerror(rc));
}

/* As base64 on one line, for people who copy it to a second control host. */
static int make_key_file(int fd, struct sp_err *err)
{
	unsigned char key[KEY_BYTES];
	autofree char *text = NULL, *line = NULL;
	int rc = gnutls_rnd(GNUTLS_RND_KEY, key, sizeof(key));
	int r;

	if (rc < 0)
		return crypto_fail(err, rc);
	text = sp_base64_encode(key, sizeof(key));
	line = text ? sp_str_format("%s\n", text) : NULL;
	explicit_bzero(key, sizeof(key));
	if (!line)
		return sp_fail_nomem(err);
	r = sp_write_all(fd, line, strlen(line));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	explicit_bzero(text, strlen(text));
	explicit_bzero(line, strlen(line));
	return r < 0 ? sp_fail_errno(err, -r, "writing the key") : 0;
}

static int check_private(int fd, struct sp_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "stat");
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return sp_fail(err, SP_E_DENIED, "others may read it (mode %03o, 600 is right)",
			       (unsigned int)st.st_mode & 0777U);
	return 0;
}

static int parse_key(struct seal *k, char *line, struct sp_err *err)
{
	char *raw = NULL;
	size_t len = 0;
	int r = sp_base64_decode(sp_str_trim(line), &raw, &len, err);

	if (r == 0 && len != KEY_BYTES)
		r = sp_fail(err, SP_E_INVALID, "not a key of %d bytes in base64", KEY_BYTES);
	if (r == 0)
		memcpy(k->key, raw, KEY_BYTES);
	if (raw)
		explicit_bzero(raw, len);
	free(raw);
	return r;
}

static int read_key_file(struct seal *k, int fd, struct sp_err *err)
{
	autobuf struct sp_buf line = SP_BUF_INIT;
	int r = check_private(fd, err);

	if (r == 0)
		r = lseek(fd, 0, SEEK_SET) < 0 ? sp_fail_errno(err, errno, "seek")
					       : sp_read_all(fd, FILE_MAX, &line, err);
	if (r == 0)
		r = line.len ? parse_key(k, line.data, err)
			     : sp_fail(err, SP_E_INVALID, "it is empty");
	if (line.data)
		explicit_bzero(line.data, line.len);
	return r;
}

/* The id is a digest of the key under a name of its own. */
static int name_key(struct seal *k, struct sp_err *err)
{
	unsigned char named[KEY_BYTES + sizeof(PREFIX)];
	char digest[SP_DIGEST_MAX];
	int r;

	memcpy(named, PREFIX, sizeof(PREFIX));
	memcpy(named + sizeof(PREFIX), k->key, KEY_BYTES);
	r = sp_digest_of(named, sizeof(named), digest, err);
	explicit_bzero(named, sizeof(named));
	if (r == 0)
		snprintf(k->id, sizeof(k->id), "%.*s", ID_DIGITS, sp_digest_hex(digest));
	return r;
}

/* Two first starts at once make one key: the file is filled under its lock. */
static int load(struct seal *k, const char *path, struct sp_err *err)
{
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int r = 0;

	if (fd < 0 &&
	    (errno == EACCES || errno == EROFS)) /* made by somebody else, for us to read */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sp_fail_errno(err, errno, "open");
	if (flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
		return sp_fail_errno(err, errno, "lock");
	if (st.st_size == 0)
		r = make_key_file(fd, err);
	if (r == 0)
		r = read_key_file(k, fd, err);
	return r < 0 ? r : name_key(k, err);
}

int seal_open(const char *path, struct seal **ret, struct sp_err *err)
{
	struct seal *k = calloc(1, sizeof(*k));
	int r = k ? load(k, path, err) : sp_fail_nomem(err);

	if (r < 0) {
		seal_free(k);
		return sp_err_prefix(err, "seal key '%s'", path);
	}
	*ret = k;
	return 0;
}

void seal_free(struct seal *k)
{
	if (!k)
		return;
	explicit_bzero(k, sizeof(*k));
	free(k);
}

const char *seal_id(const struct seal *k)
{
	return k->id;
}

static int open_cipher(const struct seal *k, gnutls_aead_cipher_hd_t *ret, struct sp_err *err)
{
	gnutls_datum_t key = { (unsigned char *)k->key, KEY_BYTES };
	int rc = gnutls_aead_cipher_init(ret, CIPHER, &key);

	return rc < 0 ? crypto_fail(err, rc) : 0;
}

/* out has room for nonce, text and tag. */
static int encrypt(const struct seal *k, const char *place, const char *text, unsigned char *out,
		   size_t *len, struct sp_err *err)
{
	gnutls_aead_cipher_hd_t cipher;
	size_t room = *len - NONCE_BYTES;
	int rc, r = open_cipher(k, &cipher, err);

	if (r < 0)
		return r;
	rc = gnutls_rnd(GNUTLS_RND_NONCE, out, NONCE_BYTES);
	if (rc >= 0)
		rc = gnutls_aead_cipher_encrypt(cipher, out, NONCE_BYTES, place, strlen(place),
						TAG_BYTES, text, strlen(text), out + NONCE_BYTES,
						&room);
	gnutls_aead_cipher_deinit(cipher);
	*len = NONCE_BYTES + room;
	return rc < 0 ? crypto_fail(err, rc) : 0;
}

int seal_close_text(const struct seal *k, const char *place, const char *text, char **ret,
		    struct sp_err *err)
{
	size_t len = NONCE_BYTES + strlen(text) + TAG_BYTES;
	autofree unsigned char *raw = malloc(len);
	char head[sizeof(PREFIX) + SEAL_ID_MAX + 1];
	int r = raw ? encrypt(k, place, text, raw, &len, err) : sp_fail_nomem(err);

	if (r < 0)
		return r;
	snprintf(head, sizeof(head), PREFIX "%s:", k->id);
	*ret = sp_base64_encode_after(head, raw, len);
	return *ret ? 0 : sp_fail_nomem(err);
}

static int decrypt(const struct seal *k, const char *place, const char *raw, size_t len, char **ret,
		   struct sp_err *err)
{
	gnutls_aead_cipher_hd_t cipher;
	autofree char *text = NULL;
	size_t room = len;
	int rc, r;

	if (len < NONCE_BYTES + TAG_BYTES)
		return sp_fail(err, SP_E_CORRUPT, "'%s' is cut off", place);
	text = malloc(len);
	r = text ? open_cipher(k, &cipher, err) : sp_fail_nomem(err);
	if (r < 0)
		return r;
	rc = gnutls_aead_cipher_decrypt(cipher, raw, NONCE_BYTES, place, strlen(place), TAG_BYTES,
					raw + NONCE_BYTES, len - NONCE_BYTES, text, &room);
	gnutls_aead_cipher_deinit(cipher);
	if (rc < 0)
		return sp_fail(err, SP_E_CORRUPT, "'%s' was altered, or sealed for another place",
			       place);
	text[room] = '\0';
	*ret = take_ptr(text);
	return 0;
}

/* What follows the key's id, or why there is nothing to open. */
static int body_of(const struct seal *k, const char *place, const char *sealed, const char **ret,
		   struct sp_err *err)
{
	const char *id = sealed + strlen(PREFIX);

	if (!sp_str_starts(sealed, PREFIX))
		return sp_fail(err, SP_E_CORRUPT, "'%s' is not sealed", place);
	if (strncmp(id, k->id, ID_DIGITS) != 0)
		return sp_fail(err, SP_E_DENIED, "'%s' is sealed with key %.*s, ours is %s", place,
			       ID_DIGITS, id, k->id);
	if (id[ID_DIGITS] != ':')
		return sp_fail(err, SP_E_CORRUPT, "'%s' is not sealed", place);
	*ret = id + ID_DIGITS + 1;
	return 0;
}

int seal_open_text(const struct seal *k, const char *place, const char *sealed, char **ret,
		   struct sp_err *err)
{
	const char *body = NULL;
	autofree char *raw = NULL;
	size_t len = 0;
	int r = body_of(k, place, sealed, &body, err);

	if (r == 0)
		r = sp_base64_decode(body, &raw, &len, err);
	return r < 0 ? r : decrypt(k, place, raw, len, ret, err);
}
