/* The names a container sees in /etc/hosts, as "address name". Its own loopback is no news. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agentd/hosts.h"
#include "agentd/observe.h"
#include "base/fd.h"
#include "base/str.h"

#define HOSTS_MAX (1 << 20)

static bool is_loopback(const char *address)
{
	return !strcmp(address, "::1") || !strcmp(address, "127.0.0.1");
}

static void add_line(json_t *list, char *line)
{
	char *save = NULL, *address, *name;

	line[strcspn(line, "#")] = '\0';
	address = strtok_r(line, " \t\r", &save);
	if (!address || is_loopback(address))
		return;
	while ((name = strtok_r(NULL, " \t\r", &save)))
		json_array_append_new(list, json_sprintf("%s %s", address, name));
}

json_t *observe_hosts(const struct workload *w)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	char path[SP_ID_MAX + 32];
	json_t *list;
	char *rest, *line;

	snprintf(path, sizeof(path), "%s/" HOSTS_DIR "/hosts", w->spec->id);
	if (sp_file_read_at(w->agent->dirs.workloads, path, HOSTS_MAX, &text, NULL) < 0)
		return json_null();
	list = json_array();
	rest = text.data;
	while (list && rest && (line = strsep(&rest, "\n")))
		add_line(list, line);
	return list;
}
