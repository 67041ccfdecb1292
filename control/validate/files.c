/*
 * Sources of bind mounts, on the nodes where the workloads go: they are there (or will be made), of
 * the agent's mind to mount them, and readable by the user the container runs as. A bind mount
 * keeps the ids of the host, so user 1000 inside is user 1000 of the node's files.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/str.h"
#include "control/validate/validate.h"

/* The numeric user of "1000" or "1000:1000"; false for a name, which only the image knows. */
static bool user_of(const struct stack_service *s, uint32_t *ret_uid, uint32_t *ret_gid)
{
	char digits[16];
	const char *colon = s->user ? strchr(s->user, ':') : NULL;
	size_t len = !s->user ? 0 : colon ? (size_t)(colon - s->user) : strlen(s->user);

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, s->user, len);
	digits[len] = '\0';
	*ret_gid = 0;
	return sp_parse_u32(digits, ret_uid, NULL) == 0 &&
	       (!colon || sp_parse_u32(colon + 1, ret_gid, NULL) == 0);
}

static bool may_read(const json_t *path, uint32_t uid, uint32_t gid)
{
	mode_t mode = (mode_t)json_integer_value(json_object_get(path, "mode"));
	bool directory = sp_str_eq(json_string_value(json_object_get(path, "type")), "directory");
	mode_t want = directory ? 05 : 04;

	if (uid == 0)
		return true;
	if (json_integer_value(json_object_get(path, "uid")) == uid)
		mode >>= 6;
	else if (json_integer_value(json_object_get(path, "gid")) == gid)
		mode >>= 3;
	return (mode & want) == want;
}

/* One bind mount of one workload, and what its node says of the source. */
struct bind {
	const struct stack_service *service;
	const struct stack_mount *mount;
	const char *node;
};

static struct validation_at at_of(const struct validate *v, const struct bind *b)
{
	return (struct validation_at){ .file = v->file,
				       .line = b->mount->at.line,
				       .column = b->mount->at.column,
				       .node = b->node,
				       .resource = b->mount->source };
}

static void check(struct validate *v, const struct bind *b, const json_t *path)
{
	const char *type = json_string_value(json_object_get(path, "type"));
	const char *refused = json_string_value(json_object_get(path, "refused"));
	struct validation_at at = at_of(v, b);
	uint32_t uid, gid;

	if (sp_str_eq(type, "absent") && !b->mount->create_host_path)
		validation_add(&v->found, VALIDATION_FAIL, &at,
			       "bind source '%s' is not there, and is not to be made",
			       b->mount->source);
	else if (sp_str_eq(type, "absent"))
		validation_add(&v->found, VALIDATION_PASS, &at, "bind source '%s' will be made",
			       b->mount->source);
	else if (refused)
		validation_add(&v->found, VALIDATION_FAIL, &at, "%s", refused);
	else if (user_of(b->service, &uid, &gid) && !may_read(path, uid, gid))
		validation_add(&v->found, VALIDATION_FAIL, &at,
			       "user %u cannot read bind source '%s', a %s of user %d with mode "
			       "%04o",
			       uid, b->mount->source, type,
			       (int)json_integer_value(json_object_get(path, "uid")),
			       (unsigned)json_integer_value(json_object_get(path, "mode")));
}

/* An earlier replica of the k-th workload's service is on that node too. */
static bool seen_before(const struct deploy *d, const char *node, size_t k)
{
	for (size_t j = 0; j < k; j++)
		if (d->desired.list[j].service == d->desired.list[k].service &&
		    !strcmp(d->targets[j].node, node))
			return true;
	return false;
}

/* The i-th bind mount of a node's workloads; replicas of one service say the same once. */
static bool bind_at(const struct validate *v, const char *node, size_t i, struct bind *ret)
{
	const struct deploy *d = v->d;

	for (size_t k = 0; k < d->desired.n; k++) {
		const struct stack_service *s =
			&d->desired.stack->services[d->desired.list[k].service];

		if (!s->n_mounts || strcmp(d->targets[k].node, node) != 0 ||
		    seen_before(d, node, k))
			continue;
		for (size_t m = 0; m < s->n_mounts; m++) {
			if (s->mounts[m].type != WIRE_MOUNT_BIND || i-- > 0)
				continue;
			*ret = (struct bind){ s, &s->mounts[m], node };
			return true;
		}
	}
	return false;
}

static int ask(struct validate *v, const struct store_node *node, json_t *paths, json_t **ret,
	       struct sp_err *err)
{
	auto_(agent_close) struct agent *a = NULL;
	int r = agent_open(&v->control->access, node, &a, err);

	return r < 0 ? r : agent_host_paths(a, paths, ret, err);
}

static size_t check_node(struct validate *v, const struct store_node *node)
{
	autojson json_t *paths = json_array(), *reply = NULL;
	struct sp_err err = { 0 };
	struct bind b;
	size_t n = 0;

	for (; bind_at(v, node->name, n, &b); n++)
		json_array_append_new(paths, json_string(b.mount->source));
	if (n && ask(v, node, paths, &reply, &err) < 0) {
		validation_add(&v->found, VALIDATION_SKIP,
			       &(struct validation_at){ .node = node->name }, "%s", err.message);
		return n;
	}
	for (size_t i = 0; bind_at(v, node->name, i, &b); i++)
		check(v, &b, json_array_get(json_object_get(reply, "paths"), i));
	return n;
}

void validate_files(struct validate *v)
{
	const struct store_nodes *nodes = &v->d->cluster.rows;
	size_t n = 0;

	validation_begin(&v->found, "files");
	for (size_t i = 0; i < nodes->n; i++)
		n += check_node(v, &nodes->list[i]);
	validation_end(&v->found, "%zu sources of bind mounts are as needed", n);
}
