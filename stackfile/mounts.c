/*
 * Volumes of a service, in their short and long form.
 *
 * A source that starts with '/', '.' or '~' is a path on the node, anything else names a volume of
 * the top level.
 */
#include "stackfile/mounts.h"

#include <string.h>

#include "base/str.h"
#include "stackfile/host_path.h"
#include "stackfile/keys.h"
#include "stackfile/scalar.h"

static const char *const type_words[] = { "volume", "bind", "tmpfs", NULL };
static const enum wire_mount_type types[] = { WIRE_MOUNT_VOLUME, WIRE_MOUNT_BIND,
					      WIRE_MOUNT_TMPFS };

/* A long entry: the mount, and what only one type may have. */
struct entry {
	struct stack_mount mount;
	char *source;
	bool typed, has_bind, has_volume, has_tmpfs;
};

static void read_type(const struct value *v, void *field)
{
	struct entry *e = field;
	int i = read_choice(v, type_words);

	if (i >= 0) {
		e->mount.type = types[i];
		e->typed = true;
	}
}

static void read_target(const struct value *v, void *field)
{
	const char *path = value_text(v, "an absolute path");

	if (path && check_target(v, path))
		*(char **)field = clean_path(v->r, path);
}

static void read_bind(const struct value *v, void *field)
{
	((struct entry *)field)->has_bind = true;
	key_table_read(&keys_mount_bind, v, field);
}

static void read_volume(const struct value *v, void *field)
{
	((struct entry *)field)->has_volume = true;
	key_table_read(&keys_mount_volume, v, field);
}

static void read_tmpfs_options(const struct value *v, void *field)
{
	((struct entry *)field)->has_tmpfs = true;
	key_table_read(&keys_mount_tmpfs, v, field);
}

static const struct key bind_keys[] = {
	{ "create_host_path", read_bool, offsetof(struct entry, mount.create_host_path),
	  "make the directory on the node when it is missing; default `true`" },
	{ "propagation", NULL, 0, NULL },
	{ "selinux", NULL, 0, NULL },
	{ "recursive", NULL, 0, NULL },
};
KEY_TABLE(keys_mount_bind, "services.NAME.volumes[].bind", bind_keys, true);

static const struct key volume_keys[] = {
	{ "nocopy", NULL, 0, NULL },
	{ "subpath", NULL, 0, NULL },
	{ "labels", NULL, 0, NULL },
};
KEY_TABLE(keys_mount_volume, "services.NAME.volumes[].volume", volume_keys, true);

static const struct key tmpfs_keys[] = {
	{ "size", read_bytes, offsetof(struct entry, mount.size_bytes),
	  "most it may hold, such as `64m`" },
	{ "mode", read_mode, offsetof(struct entry, mount.mode),
	  "permissions of its root directory; default `01777`" },
};
KEY_TABLE(keys_mount_tmpfs, "services.NAME.volumes[].tmpfs", tmpfs_keys, true);

static const struct key mount_keys[] = {
	{ "type", read_type, 0, "`volume`, `bind` or `tmpfs`" },
	{ "source", read_string, offsetof(struct entry, source),
	  "a volume of the top level, or a path on the node" },
	{ "target", read_target, offsetof(struct entry, mount.target),
	  "absolute path in the container; not in /proc, /sys or /dev, but for /dev/shm" },
	{ "read_only", read_bool, offsetof(struct entry, mount.read_only),
	  "`true`: the container cannot write there" },
	{ "bind", read_bind, 0, "options of a bind mount" },
	{ "volume", read_volume, 0, "options of a volume; none is supported yet" },
	{ "tmpfs", read_tmpfs_options, 0, "options of a tmpfs" },
	{ "consistency", read_ignored, 0, "has no effect on Linux" },
	{ "image", NULL, 0, NULL },
};
KEY_TABLE(keys_mount, "services.NAME.volumes[] (long form)", mount_keys, true);

static void source_bind(const struct value *v, const char *source, struct stack_mount *m)
{
	m->source = host_path_read(v, source);
	if (m->source && !*m->source)
		value_refuse(v, STACK_CODE_VALUE, "gives the container the node's root directory");
}

static void source_volume(const struct value *v, const char *source, struct stack_mount *m)
{
	const struct stack *s = v->r->stack;

	for (m->volume = 0; m->volume < s->n_volumes; m->volume++)
		if (sp_str_eq(s->volumes[m->volume].key, source))
			return;
	value_refuse(v, STACK_CODE_REFERENCE,
		     "names the volume '%s', which the top-level 'volumes' does not have", source);
}

static void entry_source(const struct value *v, struct entry *e)
{
	if (e->mount.type == WIRE_MOUNT_TMPFS && e->source)
		value_refuse(v, STACK_CODE_CONFLICT, "is a tmpfs and has a 'source'");
	else if (e->mount.type != WIRE_MOUNT_TMPFS && !e->source)
		value_refuse(v, STACK_CODE_MISSING,
			     "has no 'source': a volume without a name is not supported yet");
	else if (e->mount.type == WIRE_MOUNT_BIND)
		source_bind(v, e->source, &e->mount);
	else if (e->mount.type == WIRE_MOUNT_VOLUME)
		source_volume(v, e->source, &e->mount);
}

static bool entry_complete(const struct value *v, const struct entry *e)
{
	if (!node_find(v->node, "type"))
		value_refuse(v, STACK_CODE_MISSING, "has no 'type'");
	else if (!node_find(v->node, "target"))
		value_refuse(v, STACK_CODE_MISSING, "has no 'target'");
	else if ((e->has_bind && e->mount.type != WIRE_MOUNT_BIND) ||
		 (e->has_volume && e->mount.type != WIRE_MOUNT_VOLUME) ||
		 (e->has_tmpfs && e->mount.type != WIRE_MOUNT_TMPFS))
		value_refuse(v, STACK_CODE_CONFLICT, "has options of another type of mount");
	else
		return e->typed && e->mount.target;
	return false;
}

void mount_add(const struct value *v, const struct stack_mount *m, struct stack_service *s)
{
	struct stack_mount *slot = value_push(v, &s->mounts, &s->n_mounts, sizeof(*slot));

	if (!slot)
		return;
	*slot = *m;
	slot->at = v->node->at;
}

static void long_form(const struct value *v, struct stack_service *s)
{
	struct entry e = { .mount = { .create_host_path = true } };

	key_table_read(&keys_mount, v, &e);
	if (!entry_complete(v, &e))
		return;
	entry_source(v, &e);
	e.mount.create_host_path &= e.mount.type == WIRE_MOUNT_BIND;
	mount_add(v, &e.mount, s);
}

/* One option of the short form. SELinux relabelling and macOS's caching have nothing to act on. */
static void short_option(const struct value *v, const char *option, struct stack_mount *m)
{
	static const char *const idle[] = { "rw", "z", "Z", "cached", "delegated", "consistent" };

	if (!strcmp(option, "ro")) {
		m->read_only = true;
		return;
	}
	for (size_t i = 0; i < SP_COUNT(idle); i++)
		if (!strcmp(option, idle[i]))
			return;
	value_refuse(v, STACK_CODE_UNSUPPORTED, "has the option '%s', which is not supported yet",
		     option);
}

char *mount_cut(char *s, char c)
{
	char *at = strchr(s, c);

	if (at)
		*at++ = '\0';
	return at;
}

static void short_options(const struct value *v, char *options, struct stack_mount *m)
{
	for (char *next; options; options = next) {
		next = mount_cut(options, ',');
		short_option(v, options, m);
	}
}

static void short_form(const struct value *v, struct stack_service *s)
{
	const char *text = value_text(v, "SOURCE:TARGET[:MODE]");
	char *source = text ? stack_arena_dup(v->r->arena, text) : NULL;
	char *target = source ? mount_cut(source, ':') : NULL;
	struct stack_mount m = { .type = WIRE_MOUNT_VOLUME };

	if (!source)
		return;
	if (!target || !*source) {
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "is not SOURCE:TARGET: a volume without a name is not supported yet");
		return;
	}
	short_options(v, mount_cut(target, ':'), &m);
	if (strchr("/.~", source[0])) {
		m.type = WIRE_MOUNT_BIND;
		m.create_host_path = true;
		source_bind(v, source, &m);
	} else {
		source_volume(v, source, &m);
	}
	if (!check_target(v, target))
		return;
	m.target = clean_path(v->r, target);
	mount_add(v, &m, s);
}

static void mount_one(const struct value *v, void *service)
{
	if (v->node->kind == NODE_MAP)
		long_form(v, service);
	else
		short_form(v, service);
}

void read_mounts(const struct value *v, void *service)
{
	if (!node_is_null(v->node))
		value_each_item(v, mount_one, service);
}
