/* Images, volumes and published ports of a plan; see plan_actions.h. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/deploy/plan_actions_impl.h"
#include "control/deploy/tasks.h"
#include "images/reference.h"

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* "0.0.0.0:8080/tcp" */
static char *port_name(const json_t *port)
{
	const char *address = member(port, "host_address"), *protocol = member(port, "protocol");

	return sp_str_format("%s:%d/%s", address ? address : "0.0.0.0",
			     (int)json_integer_value(json_object_get(port, "host_port")),
			     protocol ? protocol : "tcp");
}

static void remember_port(struct plan_drawing *g, const struct store_workload *w,
			  const json_t *port)
{
	autofree char *name = port_name(port);
	autofree char *key = name ? sp_str_format("%s/%s", w->node, name) : NULL;

	if (!key || json_object_set_new(g->known_ports, key,
					json_pack("{s:s, s:O?, s:s, s:s}", "id", w->id, "target",
						  json_object_get(port, "container_port"), "node",
						  w->node, "port", name)) < 0)
		g->failed = true;
}

static void remember_volume(struct plan_drawing *g, const struct store_workload *w,
			    const json_t *mount)
{
	const char *volume = member(mount, "source");
	autofree char *key = volume ? sp_str_format("%s/%s", w->node, volume) : NULL;

	if (sp_str_eq(member(mount, "type"), "volume") &&
	    (!key || json_object_set_new(g->known_volumes, key, json_true()) < 0))
		g->failed = true;
}

void plan_draw_known(struct plan_drawing *g)
{
	const struct deploy *d = g->d;
	json_t *one;
	size_t k;

	for (size_t i = 0; i < d->known.n; i++) {
		json_array_foreach (json_object_get(g->d->was[i], "ports"), k, one) {
			remember_port(g, &d->known.list[i], one);
		}
		json_array_foreach (json_object_get(g->d->was[i], "mounts"), k, one) {
			remember_volume(g, &d->known.list[i], one);
		}
	}
	for (size_t i = 0; i < d->plan.n; i++) {
		const struct store_workload *w = plan_leaving(d, &d->plan.items[i]);
		autofree char *key = w ? sp_str_format("%s/%s", w->node, w->id) : NULL;

		if (w && (!key || json_object_set_new(g->going, key, json_true()) < 0))
			g->failed = true;
	}
}

static bool is_done(const struct deploy *d, size_t i)
{
	return d->plan.items[i].action != PLAN_KEEP;
}

/* Whether the node said that it has this name for this manifest, unpacked. */
static bool node_has(const json_t *images, const char *reference, const char *digest)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(images, "images"), i, one) {
		if (sp_str_eq(member(one, "reference"), reference) &&
		    sp_str_eq(member(one, "digest"), digest) &&
		    json_is_true(json_object_get(one, "unpacked")))
			return true;
	}
	return false;
}

static void draw_image(struct plan_drawing *g, const struct wire_workload *w, const char *node)
{
	const struct plan_act act = { "pull", "+", "image", w->image, node };
	size_t at = cluster_find(&g->d->cluster, node);
	autofree char *id = sp_str_format("pull/%s/%s", node, w->image);
	struct img_reference reference;
	char key[IMG_REFERENCE_MAX];
	json_t *action;

	if (plan_drawn(g, id) || img_reference_parse(w->image, &reference, NULL) < 0)
		return;
	img_reference_key(&reference, key);
	if (g->images && node_has(g->images[at], key, w->image_digest))
		return;
	action = plan_draw(g, take_ptr(id), &act);
	plan_draw_why(g, action, "%s needs it, and %s %s", w->id, node,
		      g->images && g->images[at] ? "does not have it" : "did not say what it has");
	if (action)
		json_object_set_new(action, "digest", json_string(w->image_digest));
}

void plan_draw_images(struct plan_drawing *g)
{
	const struct deploy *d = g->d;

	for (size_t i = 0; i < d->desired.n; i++)
		if (is_done(d, i))
			draw_image(g, d->desired.list[i].spec, d->targets[i].node);
	for (size_t i = 0; i < d->n_tasks && !deploy_is_settled(d); i++)
		draw_image(g, d->tasks[i].spec, d->tasks[i].node);
}

static void draw_volume(struct plan_drawing *g, const char *node, const char *volume,
			const char *user)
{
	const struct plan_act act = { "create", "+", "volume", volume, node };
	autofree char *key = sp_str_format("%s/%s", node, volume);
	autofree char *id = sp_str_format("volume/%s/%s", node, volume);

	if (!key || json_object_get(g->known_volumes, key) || plan_drawn(g, id))
		return;
	plan_draw_why(g, plan_draw(g, take_ptr(id), &act), "%s is the first to use it on %s", user,
		      node);
}

static void draw_volumes_of(struct plan_drawing *g, const struct wire_workload *w, const char *node)
{
	for (size_t i = 0; i < w->n_mounts; i++)
		if (w->mounts[i].type == WIRE_MOUNT_VOLUME)
			draw_volume(g, node, w->mounts[i].source, w->id);
}

void plan_draw_volumes(struct plan_drawing *g)
{
	const struct deploy *d = g->d;

	for (size_t i = 0; i < d->desired.n; i++)
		if (is_done(d, i))
			draw_volumes_of(g, d->desired.list[i].spec, d->targets[i].node);
	for (size_t i = 0; i < d->n_tasks && !deploy_is_settled(d); i++)
		draw_volumes_of(g, d->tasks[i].spec, d->tasks[i].node);
}

/* Behind what it needs on its node. */
void plan_draw_after_things(struct plan_drawing *g, json_t *action, const struct wire_workload *w,
			    const char *node)
{
	plan_draw_after(g, action, sp_str_format("pull/%s/%s", node, w->image));
	for (size_t i = 0; i < w->n_mounts; i++)
		if (w->mounts[i].type == WIRE_MOUNT_VOLUME)
			plan_draw_after(g, action,
					sp_str_format("volume/%s/%s", node, w->mounts[i].source));
}

/* A port that another workload has is free once that one is removed; the edge holds if it is. */
void plan_draw_ports(struct plan_drawing *g, size_t i, json_t *start)
{
	const char *node = g->d->targets[i].node, *id = g->d->desired.list[i].spec->id;
	json_t *port, *action;
	size_t k;

	json_array_foreach (json_object_get(g->d->is[i], "ports"), k, port) {
		autofree char *name = port_name(port);
		autofree char *key = name ? sp_str_format("%s/%s", node, name) : NULL;
		const json_t *was = key ? json_object_get(g->known_ports, key) : NULL;
		const json_t *target = json_object_get(port, "container_port");
		const struct plan_act act = { "publish", was ? "~" : "+", "port", name, node };

		if (!key)
			g->failed = true;
		if (!key || (sp_str_eq(member(was, "id"), id) &&
			     json_equal(json_object_get(was, "target"), target)))
			continue;
		if (was)
			plan_draw_after(g, start,
					sp_str_format("remove/%s/%s", node, member(was, "id")));
		action = plan_draw(g, sp_str_format("port/%s", key), &act);
		plan_draw_why(g, action, "to port %d of %s", (int)json_integer_value(target), id);
		plan_draw_after(g, action, sp_str_format("start/%s", id));
	}
}

static bool is_published(const struct plan_drawing *g, const char *node, const char *name)
{
	for (size_t i = 0; i < g->d->desired.n; i++) {
		const json_t *port;
		size_t k;

		if (strcmp(g->d->targets[i].node, node) != 0)
			continue;
		json_array_foreach (json_object_get(g->d->is[i], "ports"), k, port) {
			autofree char *other = port_name(port);

			if (sp_str_eq(other, name))
				return true;
		}
	}
	return false;
}

void plan_draw_ports_gone(struct plan_drawing *g)
{
	const char *key;
	json_t *was, *action;

	json_object_foreach (g->known_ports, key, was) {
		const struct plan_act act = { "withdraw", "-", "port", member(was, "port"),
					      member(was, "node") };
		const char *id = member(was, "id");
		autofree char *removal = sp_str_format("remove/%s/%s", act.node, id);

		if (is_published(g, act.node, act.name))
			continue;
		action = plan_draw(g, sp_str_format("port/%s", key), &act);
		plan_draw_why(g, action, "%s no longer publishes it", id);
		plan_draw_after(g, action,
				plan_drawn(g, removal) ? take_ptr(removal)
						       : sp_str_format("start/%s", id));
	}
}
