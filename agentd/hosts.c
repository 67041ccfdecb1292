/* See hosts.h. */
#include "agentd/hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"

#define RESOLV_FILE "/etc/resolv.conf"
#define RESOLV_MAX  65536
#define NAME_ROOM   (SP_ID_MAX + 32)

const char *hosts_name(const struct wire_workload *spec)
{
	return spec->hostname ? spec->hostname : spec->id;
}

void hosts_format(const struct wire_workload *spec, const struct peers *peers, struct sp_buf *out)
{
	sp_buf_puts(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n");
	sp_buf_printf(out, "%s\t%s\n", spec->address ? spec->address : "127.0.1.1",
		      hosts_name(spec));
	for (size_t i = 0; i < spec->n_hosts; i++)
		sp_buf_printf(out, "%s\t%s\n", spec->hosts[i].address, spec->hosts[i].name);
	for (size_t i = 0; i < peers->n; i++) {
		char address[INET_ADDRSTRLEN];

		net_address_format(peers->list[i].address, address);
		sp_buf_printf(out, "%s\t%s\n", address, peers->list[i].name);
	}
}

/* A short write could show half a file inside for a moment: the whole is written over the old, then
 * what is left of the old is cut off. */
static int rewrite(int dirfd, const char *name, const struct sp_buf *text, struct sp_err *err)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r = sp_buf_check(text, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", name);
	r = text->len ? sp_write_all(fd, text->data, text->len) : 0;
	if (r == 0 && (ftruncate(fd, (off_t)text->len) < 0 || fchmod(fd, 0644) < 0))
		r = -errno;
	return r < 0 ? sp_fail_errno(err, -r, "write '%s'", name) : 0;
}

/* The node's own resolver settings; a resolver on loopback is of no use inside, but then nothing is
 * better known either. */
static int write_resolv(int dirfd, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	struct sp_err why = { 0 };

	if (sp_file_read_at(AT_FDCWD, RESOLV_FILE, RESOLV_MAX, &text, &why) < 0)
		sp_buf_clear(&text);
	return rewrite(dirfd, "resolv.conf", &text, err);
}

int hosts_write(const struct workload *w, struct sp_err *err)
{
	autobuf struct sp_buf hosts = SP_BUF_INIT, name = SP_BUF_INIT;
	autoclose int fd = -1;
	char path[NAME_ROOM];
	int r;

	snprintf(path, sizeof(path), "%s/" HOSTS_DIR, w->spec->id);
	if (mkdirat(w->agent->dirs.workloads, path, 0755) < 0 && errno != EEXIST)
		return sp_fail_errno(err, errno, "'%s'", path);
	fd = openat(w->agent->dirs.workloads, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sp_fail_errno(err, errno, "'%s'", path);
	hosts_format(w->spec, &w->agent->peers, &hosts);
	sp_buf_printf(&name, "%s\n", hosts_name(w->spec));
	r = rewrite(fd, "hosts", &hosts, err);
	if (r == 0)
		r = rewrite(fd, "hostname", &name, err);
	return r < 0 ? r : write_resolv(fd, err);
}
