/* Seccomp filters and their cache; see seccomp.h. */
#include "runtime/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/seccomp_compile.h"

#define MAGIC "SPBPF1\n" /* eight bytes with its NUL */

struct entry {
	struct entry *next;
	uint64_t caps; /* only those that matter */
	struct rt_filter filter;
};

struct rt_seccomp_cache {
	char *dir;
	struct entry *entries;
};

int rt_seccomp_cache_new(const char *dir, struct rt_seccomp_cache **ret, struct sp_err *err)
{
	struct rt_seccomp_cache *c = calloc(1, sizeof(*c));

	if (c && dir)
		c->dir = sp_str_format("%s", dir);
	if (!c || (dir && !c->dir)) {
		free(c);
		return sp_fail_nomem(err);
	}
	*ret = c;
	return 0;
}

void rt_seccomp_cache_free(struct rt_seccomp_cache *c)
{
	if (!c)
		return;
	while (c->entries) {
		struct entry *e = c->entries;

		c->entries = e->next;
		free(e->filter.code);
		free(e);
	}
	free(c->dir);
	free(c);
}

/* Digest of all that the program depends on, as a file name. */
static int name_of(uint64_t caps, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	const struct scmp_version *v = seccomp_version();
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct utsname kernel;
	int r;

	uname(&kernel);
	sp_buf_printf(&text, "%u.%u.%u %s %s ", v ? v->major : 0, v ? v->minor : 0,
		      v ? v->micro : 0, kernel.machine, kernel.release);
	rt_seccomp_describe(caps, &text);
	r = sp_buf_check(&text, err);
	return r < 0 ? r : sp_digest_of(text.data, text.len, ret, err);
}

/* A file of the cache: magic, digest of the program, the program. Anything else is a miss. */
static int load(const char *path, struct sp_buf *out)
{
	const size_t head = sizeof(MAGIC) + SP_DIGEST_MAX;
	char digest[SP_DIGEST_MAX];

	if (sp_file_read_at(AT_FDCWD, path, 1024 * 1024, out, NULL) < 0 || out->len <= head ||
	    memcmp(out->data, MAGIC, sizeof(MAGIC)) != 0 ||
	    (out->len - head) % sizeof(struct sock_filter) != 0 ||
	    (out->len - head) / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -EBADMSG;
	if (sp_digest_of(out->data + head, out->len - head, digest, NULL) < 0 ||
	    memcmp(digest, out->data + sizeof(MAGIC), sizeof(digest)) != 0)
		return -EBADMSG;
	sp_buf_consume(out, head);
	return 0;
}

static void store(const char *dir, const char *path, const struct sp_buf *code)
{
	autobuf struct sp_buf file = SP_BUF_INIT;
	char digest[SP_DIGEST_MAX] = "";

	if (sp_mkdirs(dir, 0700, NULL) < 0 || sp_digest_of(code->data, code->len, digest, NULL) < 0)
		return;
	sp_buf_append(&file, MAGIC, sizeof(MAGIC));
	sp_buf_append(&file, digest, sizeof(digest));
	sp_buf_append(&file, code->data, code->len);
	if (sp_buf_check(&file, NULL) == 0)
		sp_file_replace_at(AT_FDCWD, path, file.data, file.len, 0600, NULL);
}

/* From the file, else compiled and the file written. */
static int obtain(const struct rt_seccomp_cache *c, uint64_t caps, struct sp_buf *out,
		  struct sp_err *err)
{
	char name[SP_DIGEST_MAX];
	autofree char *path = NULL;
	int r;

	if (!c->dir)
		return rt_seccomp_compile(caps, out, err);
	r = name_of(caps, name, err);
	if (r < 0)
		return r;
	path = sp_str_format("%s/%s.bpf", c->dir, sp_digest_hex(name));
	if (!path)
		return sp_fail_nomem(err);
	if (load(path, out) == 0)
		return 0;
	sp_buf_clear(out);
	r = rt_seccomp_compile(caps, out, err);
	if (r == 0)
		store(c->dir, path, out);
	return r;
}

static int add_entry(struct rt_seccomp_cache *c, uint64_t caps, struct sp_err *err)
{
	autobuf struct sp_buf code = SP_BUF_INIT;
	struct entry *e;
	int r = obtain(c, caps, &code, err);

	if (r < 0)
		return r;
	e = calloc(1, sizeof(*e));
	if (!e)
		return sp_fail_nomem(err);
	e->caps = caps;
	e->filter.len = (unsigned short)(code.len / sizeof(struct sock_filter));
	e->filter.code = (struct sock_filter *)(void *)sp_buf_take(&code);
	e->next = c->entries;
	c->entries = e;
	return 0;
}

int rt_seccomp_get(struct rt_seccomp_cache *c, uint64_t caps, const struct rt_filter **ret,
		   struct sp_err *err)
{
	uint64_t key = rt_seccomp_caps(caps);

	for (const struct entry *e = c->entries; e; e = e->next)
		if (e->caps == key) {
			*ret = &e->filter;
			return 0;
		}
	if (add_entry(c, key, err) < 0)
		return sp_err_prefix(err, "seccomp filter");
	*ret = &c->entries->filter;
	return 0;
}
