/*
 * What is mounted in a container. Each mount of the spec, each file of it, the root and the files
 * of names claim one line of the container's table; what no one claims is extra. A container that
 * may mount for itself (CAP_SYS_ADMIN) is left to do so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"

struct table {
	struct drift_scope *scope;
	const json_t *list;
	bool *claimed;
};

static const json_t *claim(struct table *t, const char *target)
{
	const json_t *one;
	size_t i;

	json_array_foreach (t->list, i, one) {
		if (t->claimed[i] || strcmp(drift_text(one, "target"), target) != 0)
			continue;
		t->claimed[i] = true;
		return one;
	}
	return NULL;
}

static void find(struct table *t, enum drift_rule rule, const char *target, const char *what,
		 const char *expected, const char *actual)
{
	autofree char *field = sp_str_format("mounts.%s%s", target, what);

	if (field)
		drift_add(t->scope, rule, field, expected, actual);
	else
		t->scope->error = -ENOMEM;
}

static const char *mode_name(bool read_only)
{
	return read_only ? "read-only" : "writable";
}

static void expect_mode(struct table *t, const char *target, const json_t *is, bool read_only)
{
	bool now = json_is_true(drift_at(is, "read_only"));

	if (now != read_only)
		find(t, DRIFT_RULE_MOUNT, target, ".mode", mode_name(read_only), mode_name(now));
}

/* source NULL: a tmpfs. */
static void expect_mount(struct table *t, const char *target, const char *source, bool read_only)
{
	const json_t *is = claim(t, target);
	const char *type = drift_text(is, "type"), *from = drift_text(is, "source");

	if (!is)
		find(t, DRIFT_RULE_MOUNT_MISSING, target, "", "mounted", "not mounted");
	else if (source && strcmp(source, from) != 0)
		find(t, DRIFT_RULE_MOUNT, target, ".source", source,
		     *from ? from : drift_text(is, "root"));
	else if (!source && strcmp(type, "tmpfs") != 0)
		find(t, DRIFT_RULE_MOUNT, target, ".type", "tmpfs", type);
	else
		expect_mode(t, target, is, read_only);
}

static void expect_root(struct table *t)
{
	const json_t *is = claim(t, "/");

	if (strcmp(drift_text(is, "type"), "overlay") != 0)
		find(t, DRIFT_RULE_MOUNT, "/", ".type", "overlay", drift_text(is, "type"));
	else
		expect_mode(t, "/", is, t->scope->spec->read_only);
}

/* The agent's files of names, unless the spec puts something in their place. */
static void expect_names(struct table *t)
{
	static const char *const names[] = { "/etc/hosts", "/etc/hostname", "/etc/resolv.conf" };
	const struct wire_workload *w = t->scope->spec;

	for (size_t i = 0; i < SP_COUNT(names); i++) {
		bool is_own = true;

		for (size_t k = 0; k < w->n_mounts; k++)
			is_own &= strcmp(w->mounts[k].target, names[i]) != 0;
		for (size_t k = 0; k < w->n_files; k++)
			is_own &= strcmp(w->files[k].target, names[i]) != 0;
		if (is_own)
			expect_mount(t, names[i], "names", true);
	}
}

static bool may_mount(const struct wire_workload *w)
{
	for (char *const *c = w->cap_add; c && *c; c++)
		if (!strcasecmp(*c, "ALL") || !strcasecmp(*c, "SYS_ADMIN") ||
		    !strcasecmp(*c, "CAP_SYS_ADMIN"))
			return true;
	return false;
}

static void find_extra(struct table *t)
{
	const json_t *one;
	size_t i;

	json_array_foreach (t->list, i, one) {
		if (!t->claimed[i])
			find(t, DRIFT_RULE_MOUNT_EXTRA, drift_text(one, "target"), "",
			     "not mounted", drift_text(one, "type"));
	}
}

static bool is_kernel(const char *target)
{
	return sp_str_starts(target, "/proc/") || sp_str_starts(target, "/sys/") ||
	       sp_str_starts(target, "/dev/");
}

static void compare(struct table *t)
{
	const struct wire_workload *w = t->scope->spec;

	expect_root(t);
	for (size_t i = 0; i < w->n_mounts; i++)
		if (!is_kernel(w->mounts[i].target))
			expect_mount(t, w->mounts[i].target, w->mounts[i].source,
				     w->mounts[i].read_only);
	for (size_t i = 0; i < w->n_files; i++)
		if (!is_kernel(w->files[i].target))
			expect_mount(t, w->files[i].target, NULL, true);
	expect_names(t);
	if (w->state_socket)
		claim(t, WIRE_STATE_DIR);
	if (!may_mount(w))
		find_extra(t);
}

void drift_mounts(struct drift_scope *s)
{
	const json_t *mounts = drift_at(s->seen, "container.mounts");
	struct table t = { .scope = s, .list = json_object_get(mounts, "list") };
	json_int_t layers = json_integer_value(json_object_get(mounts, "layers"));
	json_int_t wanted = json_integer_value(drift_at(s->seen, "granted.layers"));

	if (!json_is_array(t.list))
		return; /* its process is gone, which is told already */
	t.claimed = calloc(json_array_size(t.list) + 1, sizeof(*t.claimed));
	if (!t.claimed) {
		s->error = -ENOMEM;
		return;
	}
	compare(&t);
	if (wanted && layers != wanted)
		drift_add(s, DRIFT_RULE_LAYERS, "image.layers", "all layers of the image",
			  "others");
	free(t.claimed);
}
