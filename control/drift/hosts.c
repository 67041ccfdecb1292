/* The names in a workload's /etc/hosts: itself, its stack, the nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"
#include "wire/hosts.h"

struct lines {
	char **list;
	size_t n, room;
};

static int push(struct lines *l, const char *address, const char *name)
{
	if (l->n + 1 >= l->room)
		return -ENOMEM;
	l->list[l->n] = sp_str_format("%s %s", address, name);
	return l->list[l->n++] ? 0 : -ENOMEM;
}

static int wanted_hosts(const struct drift_scope *s, struct lines *l)
{
	const struct wire_workload *w = s->spec;
	int r;

	l->room = w->n_hosts + s->in->n_nodes + 2;
	l->list = calloc(l->room, sizeof(*l->list));
	if (!l->list)
		return -ENOMEM;
	r = push(l, w->address ? w->address : "127.0.1.1", w->hostname ? w->hostname : w->id);
	for (size_t i = 0; r == 0 && i < w->n_hosts; i++)
		r = push(l, w->hosts[i].address, w->hosts[i].name);
	for (size_t i = 0; r == 0 && i < s->in->n_nodes; i++)
		r = push(l, s->in->nodes[i].row->address, s->in->nodes[i].row->name);
	return r;
}

void drift_hosts(struct drift_scope *s)
{
	char digest[SP_DIGEST_MAX];
	struct lines wanted = { 0 };

	if (!json_is_object(drift_at(s->seen, "container")))
		return;
	if (wanted_hosts(s, &wanted) < 0 || wire_hosts_digest(wanted.list, digest, NULL) < 0)
		s->error = -ENOMEM;
	else if (strcmp(digest, drift_text(s->seen, "hosts")) != 0)
		drift_add(s, DRIFT_RULE_HOSTS, "hosts", "the stack's names and the nodes'",
			  "others");
	sp_strv_free(wanted.list);
}
