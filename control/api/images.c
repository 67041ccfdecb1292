/* Images of the cluster: list, show, remove, import, push to the nodes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "control/api/api.h"
#include "control/api/handlers.h"
#include "control/api/upload.h"
#include "control/node/agents_ask.h"
#include "control/node/image_push.h"
#include "control/store/event.h"
#include "control/store/node.h"
#include "control/store/stack.h"
#include "images/catalog.h"
#include "images/image.h"
#include "images/import.h"
#include "images/reference.h"

#define OPTIONS_MAX (64 << 10) /* bytes of ?config= */

static json_t *entry_view(const struct img_entry *e)
{
	return json_pack("{s:s, s:s, s:I, s:i}", "reference", e->reference, "digest", e->digest,
			 "size_bytes", (json_int_t)e->size_bytes, "layers", (int)e->layers);
}

API_HANDLER(images_list)
{
	autofree struct img_entry *list = NULL;
	autojson json_t *views = json_array();
	size_t n = 0;
	int r = img_list(a->control->images, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (json_array_append_new(views, entry_view(&list[i])) < 0)
			return sp_fail_nomem(err);
	return r < 0 ? r : api_reply_as(a, "images", take_ptr(views), err);
}

static json_t *strings(char *const *v)
{
	json_t *list = json_array();

	for (; v && *v; v++)
		json_array_append_new(list, json_string(*v));
	return list;
}

static json_t *layers_view(const struct img_image *i)
{
	json_t *list = json_array();

	for (size_t k = 0; k < i->manifest.n_layers; k++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "digest",
						      i->manifest.layers[k].digest, "size_bytes",
						      (json_int_t)i->manifest.layers[k].size));
	return list;
}

static json_t *config_view(const struct img_config *c)
{
	return json_pack("{s:o, s:o, s:o, s:s?, s:s?, s:s?, s:o, s:o, s:s?, s:s?}", "entrypoint",
			 strings(c->entrypoint), "command", strings(c->cmd), "environment",
			 strings(c->env), "user", c->user, "working_dir", c->working_dir,
			 "stop_signal", c->stop_signal, "volumes", strings(c->volumes),
			 "exposed_ports", strings(c->exposed_ports), "architecture",
			 c->architecture, "os", c->os);
}

/* Names of the nodes that have it. One that does not answer counts as not having it. */
static json_t *where_it_is(struct api *a, const char *digest)
{
	autonodes struct store_nodes nodes = { 0 };
	json_t *list = json_array();

	if (store_node_list(a->store, &nodes, NULL) < 0)
		return list;
	for (size_t i = 0; i < nodes.n; i++) {
		auto_(agent_close) struct agent *agent = NULL;
		autojson json_t *images = NULL;

		if (nodes.list[i].state == STORE_NODE_READY &&
		    agent_open(&a->control->access, &nodes.list[i], &agent, NULL) == 0 &&
		    agent_get(agent, "/v1/images", &images, NULL) == 0 &&
		    agents_reply_has_image(images, digest))
			json_array_append_new(list, json_string(nodes.list[i].name));
	}
	return list;
}

API_HANDLER(images_get)
{
	const char *reference = sp_httpd_param(a->req, "reference");
	auto_(img_image_free) struct img_image *image = NULL;
	int r = img_resolve(a->control->images, reference, &image, err);

	if (r < 0)
		return r;
	return api_reply(a, 200,
			 json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "reference", reference,
				   "digest", image->digest, "size_bytes",
				   (json_int_t)image->size_bytes, "config",
				   config_view(&image->config), "layers", layers_view(image),
				   "nodes", where_it_is(a, image->digest)),
			 err);
}

/* The key in the store of a reference as people write it. */
static int key_of(const char *text, char ret[IMG_REFERENCE_MAX], struct sp_err *err)
{
	struct img_reference reference;
	int r = img_reference_parse(text, &reference, err);

	if (r == 0)
		img_reference_key(&reference, ret);
	return r;
}

/* An image that a placed workload was started from is needed by the next deploy and by a revert. */
static int check_unused(struct api *a, const char *key, struct sp_err *err)
{
	autoworkloads struct store_workloads placed = { 0 };
	int r = store_workload_list(a->store, NULL, 0, &placed, err);

	for (size_t i = 0; i < placed.n && r == 0; i++) {
		const struct store_workload *w = &placed.list[i];
		autojson json_t *spec = json_loads(w->spec, 0, NULL);
		const char *image = json_string_value(json_object_get(spec, "image"));
		char used[IMG_REFERENCE_MAX];

		if (image && key_of(image, used, NULL) == 0 && !strcmp(used, key))
			r = sp_fail(err, SP_E_CONFLICT, "image '%s' is used by workload '%s'", key,
				    w->id);
	}
	return r;
}

API_HANDLER(images_remove)
{
	char key[IMG_REFERENCE_MAX];
	int r = key_of(sp_httpd_param(a->req, "reference"), key, err);

	if (r == 0)
		r = check_unused(a, key, err);
	if (r == 0)
		r = img_untag(a->control->images, key, err);
	if (r == 0)
		r = store_event_append(
			a->store, &(struct store_event){ .type = "image.removed", .message = key },
			err);
	return r < 0 ? r : api_reply(a, 200, json_pack("{s:s}", "removed", key), err);
}

int images_import_body(struct sp_httpd_req *req, const void *data, size_t len, void *owner)
{
	struct control *c = owner;
	struct sp_err err;
	int r = upload_take(req, c->images, c->config.image_max_bytes, data, len, &err);

	if (r < 0)
		sp_httpd_reply_err(req, &err);
	return r;
}

/* ?config= makes the body a root filesystem; it is base64 of the image's configuration. */
static int read_options(const char *text, json_t **ret, struct sp_err *err)
{
	autofree char *raw = NULL;
	size_t len;
	int r = strlen(text) > OPTIONS_MAX
			? sp_fail(err, SP_E_TOO_LARGE, "over %d bytes", OPTIONS_MAX)
			: sp_base64_decode(text, &raw, &len, err);

	if (r == 0)
		r = sp_json_parse(raw, len, ret, err);
	return r < 0 ? sp_err_prefix(err, "?config") : 0;
}

static int import(struct api *a, int fd, struct img_imported *ret, struct sp_err *err)
{
	const char *reference = sp_httpd_query(a->req, "reference");
	const char *config = sp_httpd_query(a->req, "config");
	autojson json_t *options = NULL;
	int r;

	if (!config)
		return img_import_archive(a->control->images, fd, reference, ret, err);
	if (!reference)
		return sp_fail(err, SP_E_INVALID, "a root filesystem needs ?reference=");
	r = read_options(config, &options, err);
	return r < 0 ? r
		     : img_import_rootfs(a->control->images, fd, reference,
					 sp_httpd_query(a->req, "base"), options, ret, err);
}

API_HANDLER(images_import)
{
	struct img_imported image;
	int fd = upload_fd(a->req);
	int r;

	if (fd < 0)
		return sp_fail(err, SP_E_INVALID, "the body is empty");
	r = import(a, fd, &image, err);
	if (r < 0)
		return sp_err_of_sender(err);
	r = store_event_append(
		a->store,
		&(struct store_event){ .type = "image.imported", .message = image.reference }, err);
	if (r < 0)
		return r;
	return api_reply(a, 201,
			 json_pack("{s:s, s:s, s:I}", "reference", image.reference, "digest",
				   image.digest, "size_bytes", (json_int_t)image.size_bytes),
			 err);
}
