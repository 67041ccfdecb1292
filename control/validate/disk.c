/*
 * Room on the nodes for images they lack: each is kept as blobs and unpacked beside them, to about
 * twice their size.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/node/agents_ask.h"
#include "control/validate/validate.h"
#include "images/image.h"
#include "images/reference.h"

#define TIMES_ON_NODE 3 /* of an image: its blobs, and twice that unpacked */
#define MIB           (UINT64_C(1) << 20)
#define SPARE_BYTES   (256 * MIB) /* with less than that left there is a warning */

static bool counted_before(const struct deploy *d, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(d->targets[j].node, d->targets[i].node) &&
		    sp_str_eq(d->desired.list[j].spec->image_digest,
			      d->desired.list[i].spec->image_digest))
			return true;
	return false;
}

/* What the images that node lacks will take of it. */
static uint64_t needed_on(const struct validate *v, const char *node, const json_t *images)
{
	const struct deploy *d = v->d;
	uint64_t sum = 0;

	for (size_t i = 0; i < d->desired.n; i++) {
		auto_(img_image_free) struct img_image *image = NULL;
		const char *digest = d->desired.list[i].spec->image_digest;

		if (strcmp(d->targets[i].node, node) != 0 || !digest ||
		    agents_reply_has_image(images, digest) || counted_before(d, i))
			continue;
		if (img_resolve(v->control->images, digest, &image, NULL) == 0)
			sum += TIMES_ON_NODE * image->size_bytes;
	}
	return sum;
}

static void check_node(struct validate *v, const struct store_node *node, const json_t *images)
{
	struct validation_at at = { .node = node->name, .next = "ctl image ls" };
	uint64_t needed = needed_on(v, node->name, images);
	const json_t *told = json_object_get(node->info, "disk_free_bytes");
	uint64_t has = (uint64_t)json_integer_value(told);

	if (!json_is_integer(told) || !needed)
		return;
	if (needed > has)
		validation_add(&v->found, VALIDATION_FAIL, &at,
			       "images that are not there need %llu MiB, %llu MiB are free",
			       (unsigned long long)(needed / MIB), (unsigned long long)(has / MIB));
	else if (has - needed < SPARE_BYTES)
		validation_add(&v->found, VALIDATION_WARN, &at,
			       "images that are not there need %llu MiB, and of %llu MiB free few "
			       "are left",
			       (unsigned long long)(needed / MIB), (unsigned long long)(has / MIB));
	else
		validation_add(&v->found, VALIDATION_PASS,
			       &(struct validation_at){ .node = node->name },
			       "images that are not there need %llu MiB, %llu MiB are free",
			       (unsigned long long)(needed / MIB), (unsigned long long)(has / MIB));
}

void validate_disk(struct validate *v)
{
	const struct store_nodes *nodes = &v->d->cluster.rows;
	json_t **images = NULL;
	struct sp_err err = { 0 };

	validation_begin(&v->found, "disk");
	if (agents_ask(v->control, nodes, "/v1/images", &images, &err) < 0)
		validation_add(&v->found, VALIDATION_SKIP, &(struct validation_at){ 0 }, "%s",
			       err.message);
	for (size_t i = 0; images && i < nodes->n; i++)
		if (images[i])
			check_node(v, &nodes->list[i], images[i]);
	agents_replies_free(images, nodes->n);
	validation_end(&v->found, "the nodes have all images");
}
