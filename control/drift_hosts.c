/* The names in a workload's /etc/hosts, as a set of "address name". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift_impl.h"

static int push(char ***list, const char *address, const char *name)
{
	autofree char *line = sp_str_format("%s %s", address, name);

	return line ? sp_strv_push(list, line) : -ENOMEM;
}

static int wanted_hosts(const struct drift_scope *s, char ***ret)
{
	const struct wire_workload *w = s->spec;
	char **list = calloc(1, sizeof(*list));
	int r = list ? push(&list, w->address ? w->address : "127.0.1.1",
			    w->hostname ? w->hostname : w->id)
		     : -ENOMEM;

	for (size_t i = 0; r == 0 && i < w->n_hosts; i++)
		r = push(&list, w->hosts[i].address, w->hosts[i].name);
	for (size_t i = 0; r == 0 && i < s->in->n_nodes; i++)
		r = push(&list, s->in->nodes[i].row->address, s->in->nodes[i].row->name);
	if (r < 0)
		sp_strv_free(list);
	else
		*ret = list;
	return r;
}

static bool has_line(char *const *list, const char *line)
{
	for (; *list; list++)
		if (!strcmp(*list, line))
			return true;
	return false;
}

/* The first line of the file that nobody wanted, or NULL. */
static const char *find_unwanted(const json_t *seen, char *const *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach (seen, i, one) {
		if (!has_line(wanted, json_string_value(one)))
			return json_string_value(one);
	}
	return NULL;
}

static const char *find_missing(const json_t *seen, char *const *wanted)
{
	const json_t *one;
	size_t i;

	for (; *wanted; wanted++) {
		bool has = false;

		json_array_foreach (seen, i, one) {
			has |= !strcmp(json_string_value(one), *wanted);
		}
		if (!has)
			return *wanted;
	}
	return NULL;
}

void drift_hosts(struct drift_scope *s)
{
	const json_t *seen = drift_at(s->seen, "hosts");
	const char *missing, *unwanted;
	char **wanted = NULL;

	if (!json_is_object(drift_at(s->seen, "container")))
		return;
	if (wanted_hosts(s, &wanted) < 0) {
		s->error = -ENOMEM;
		return;
	}
	missing = find_missing(seen, wanted);
	unwanted = find_unwanted(seen, wanted);
	if (missing || unwanted)
		drift_add(s, DRIFT_RULE_HOSTS, "hosts", missing ? missing : "nothing more",
			  unwanted ? unwanted : "missing");
	sp_strv_free(wanted);
}
