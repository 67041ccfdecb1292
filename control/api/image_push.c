/* POST /v1/image-push: an image to the nodes, one after the other, with what was sent to each. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/node/image_push.h"
#include "control/store/node.h"
#include "images/catalog.h"
#include "images/reference.h"

struct push {
	char key[IMG_REFERENCE_MAX];
	char digest[SP_DIGEST_MAX];
	char **nodes; /* NULL: all */
};

static int resolve(struct api *a, const char *text, struct push *p, struct sp_err *err)
{
	struct img_reference reference;
	int r = img_reference_parse(text, &reference, err);

	if (r < 0)
		return r;
	img_reference_key(&reference, p->key);
	r = img_digest_of(a->control->images, text, p->digest, err);
	if (r < 0)
		snprintf(a->at.next, sizeof(a->at.next), "ctl image import ARCHIVE --name %s",
			 text);
	return r;
}

static json_t *push_to(struct api *a, const struct push *p, const struct store_node *node)
{
	auto_(agent_close) struct agent *agent = NULL;
	struct image_push counts = { 0 };
	struct wire_failure failure = { 0 };
	struct sp_err err = { 0 };
	int r = agent_open(&a->control->access, node, &agent, &err);

	if (r == 0)
		r = image_push(a->control->images, agent, p->key, p->digest, &counts, &err);
	if (r < 0 && agent)
		agent_failure(agent, &err, &failure);
	else if (r < 0)
		wire_failure_init(&failure, &err, "controld");
	return json_pack("{s:s, s:I, s:I, s:I, s:o}", "name", node->name, "blobs_sent",
			 (json_int_t)counts.blobs_sent, "blobs_present",
			 (json_int_t)counts.blobs_present, "bytes_sent",
			 (json_int_t)counts.bytes_sent, "error",
			 r < 0 ? wire_failure_encode(&failure) : json_null());
}

static bool is_chosen(const struct push *p, const char *name)
{
	for (char **n = p->nodes; n && *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !p->nodes;
}

static int check_names(const struct push *p, const struct store_nodes *nodes, struct sp_err *err)
{
	for (char **n = p->nodes; n && *n; n++) {
		bool known = false;

		for (size_t i = 0; i < nodes->n; i++)
			known |= !strcmp(nodes->list[i].name, *n);
		if (!known)
			return sp_fail(err, SP_E_NOT_FOUND, "there is no node '%s'", *n);
	}
	return 0;
}

static int push_all(struct api *a, const struct push *p, struct sp_err *err)
{
	autonodes struct store_nodes nodes = { 0 };
	autojson json_t *list = json_array();
	int r = store_node_list(a->store, &nodes, err);

	if (r == 0)
		r = check_names(p, &nodes, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nodes.n; i++)
		if (is_chosen(p, nodes.list[i].name) &&
		    json_array_append_new(list, push_to(a, p, &nodes.list[i])) < 0)
			return sp_fail_nomem(err);
	return api_reply_as(a, "nodes", take_ptr(list), err);
}

API_HANDLER(images_push)
{
	autojson json_t *body = NULL;
	struct sp_json_reader reader;
	struct push p = { 0 };
	const char *reference;
	int r = api_body(a, &body, err);

	if (r < 0)
		return r;
	sp_json_open(&reader, body, "push", err);
	reference = sp_json_need_str(&reader, "reference");
	p.nodes = sp_json_strv(&reader, "nodes");
	r = sp_json_done(&reader);
	if (r == 0)
		r = resolve(a, reference, &p, err);
	if (r == 0)
		r = push_all(a, &p, err);
	sp_strv_free(p.nodes);
	return r;
}
