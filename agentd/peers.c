/* See peers.h. */
#include "agentd/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define PEERS_FILE     "peers.json"
#define PEERS_FILE_MAX (1 << 20)

static void parse_address(struct sp_json_reader *r, const char *key, struct in_addr *ret)
{
	const char *s = sp_json_need_str(r, key);
	struct sp_err why = { 0 };

	if (s && net_address_parse(s, ret, &why) < 0)
		sp_json_refuse(r, key, "%s", why.message);
}

static void parse_prefix(struct sp_json_reader *r, const char *key, struct net_prefix *ret)
{
	const char *s = sp_json_need_str(r, key);
	struct sp_err why = { 0 };

	if (s && net_prefix_parse(s, ret, &why) < 0)
		sp_json_refuse(r, key, "%s", why.message);
}

static int decode_peer(json_t *json, size_t i, struct peer *p, struct sp_err *err)
{
	struct sp_json_reader r;
	char path[32];
	const char *name;

	snprintf(path, sizeof(path), "peers.nodes[%zu]", i);
	sp_json_open(&r, json, path, err);
	name = sp_json_need_str(&r, "name");
	if (name && !sp_id_valid(name))
		sp_json_refuse(&r, "name", "'%.80s' is not a node name", name);
	parse_address(&r, "address", &p->address);
	parse_prefix(&r, "subnet", &p->subnet);
	if (sp_json_done(&r) < 0)
		return r.error;
	p->name = strdup(name);
	return p->name ? 0 : sp_fail_nomem(err);
}

static int check_unique(const struct peers *p, struct sp_err *err)
{
	const struct peer *last = &p->list[p->n - 1];

	for (size_t i = 0; i + 1 < p->n; i++)
		if (!strcmp(p->list[i].name, last->name))
			return sp_fail(err, SP_E_INVALID,
				       "peers.nodes[%zu].name: '%s' is nodes[%zu] already",
				       p->n - 1, last->name, i);
	return 0;
}

static int decode_nodes(json_t *nodes, struct peers *ret, struct sp_err *err)
{
	size_t n = json_array_size(nodes);
	int r = 0;

	if (n > PEERS_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "peers.nodes: %zu nodes, at most %d", n,
			       PEERS_MAX);
	ret->list = calloc(n ? n : 1, sizeof(*ret->list));
	if (!ret->list)
		return sp_fail_nomem(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = decode_peer(json_array_get(nodes, i), i, &ret->list[i], err);
		ret->n += r == 0;
		if (r == 0)
			r = check_unique(ret, err);
	}
	return r;
}

static int digest_of(json_t *json, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	autofree char *text = sp_json_canonical(json);

	return text ? sp_digest_of(text, strlen(text), ret, err) : sp_fail_nomem(err);
}

int peers_decode(json_t *json, struct peers *ret, struct sp_err *err)
{
	struct sp_json_reader reader;
	json_t *nodes;
	int r;

	*ret = (struct peers){ 0 };
	sp_json_open(&reader, json, "peers", err);
	parse_prefix(&reader, "subnet", &ret->subnet);
	nodes = sp_json_array(&reader, "nodes");
	if (!nodes)
		sp_json_refuse(&reader, "nodes", "is missing");
	r = sp_json_done(&reader);
	if (r == 0)
		r = decode_nodes(nodes, ret, err);
	if (r == 0)
		r = digest_of(json, ret->digest, err);
	if (r < 0)
		peers_fini(ret);
	return r;
}

void peers_fini(struct peers *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].name);
	free(p->list);
	*p = (struct peers){ 0 };
}

int peers_load(int dirfd, struct peers *ret, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autojson json_t *json = NULL;
	struct sp_err why = { 0 };
	int r = sp_file_read_at(dirfd, PEERS_FILE, PEERS_FILE_MAX, &text, &why);

	*ret = (struct peers){ 0 };
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = sp_json_parse(text.data ? text.data : "", text.len, &json, &why);
	if (r == 0)
		r = peers_decode(json, ret, &why);
	if (r < 0)
		return sp_fail(err, SP_E_CORRUPT, "'" PEERS_FILE "': %s", why.message);
	return 0;
}

int peers_store(int dirfd, json_t *json, struct sp_err *err)
{
	autofree char *text = sp_json_canonical(json);

	if (!text)
		return sp_fail_nomem(err);
	return sp_file_replace_at(dirfd, PEERS_FILE, text, strlen(text), 0600, err);
}
