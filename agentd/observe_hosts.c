/* The names a container sees in /etc/hosts, as a digest: of a large stack they are many. Its own
 * loopback is no news. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/hosts.h"
#include "agentd/observe.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "wire/hosts.h"

#define HOSTS_MAX (1 << 20)

static bool is_loopback(const char *address)
{
	return !strcmp(address, "::1") || !strcmp(address, "127.0.0.1");
}

static int add(char ***list, size_t *n, char *line)
{
	char **more = reallocarray(*list, *n + 2, sizeof(*more));

	if (more)
		*list = more;
	if (!more || !line) {
		free(line);
		return -ENOMEM;
	}
	more[(*n)++] = line;
	more[*n] = NULL;
	return 0;
}

static int add_line(char ***list, size_t *n, char *line)
{
	char *save = NULL, *address, *name;
	int r = 0;

	line[strcspn(line, "#")] = '\0';
	address = strtok_r(line, " \t\r", &save);
	if (!address || is_loopback(address))
		return 0;
	while (r == 0 && (name = strtok_r(NULL, " \t\r", &save)))
		r = add(list, n, sp_str_format("%s %s", address, name));
	return r;
}

json_t *observe_hosts(const struct workload *w)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char path[SP_ID_MAX + 32], digest[SP_DIGEST_MAX], *rest, *line;
	char **list = NULL;
	size_t n = 0;
	int r;

	snprintf(path, sizeof(path), "%s/" HOSTS_DIR "/hosts", w->spec->id);
	r = sp_file_read_at(w->agent->dirs.workloads, path, HOSTS_MAX, &text, NULL);
	rest = text.data;
	while (r == 0 && rest && (line = strsep(&rest, "\n")))
		r = add_line(&list, &n, line);
	if (r == 0)
		r = list ? wire_hosts_digest(list, digest, NULL) : -ENOENT;
	sp_strv_free(list);
	return r < 0 ? json_null() : json_string(digest);
}
