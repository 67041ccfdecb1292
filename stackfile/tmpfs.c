/* `tmpfs` of a service: "/run" or "/run:size=64m,mode=1777", one or a list. */
#include <string.h>

#include "base/str.h"
#include "stackfile/mounts.h"
#include "stackfile/scalar.h"

/* nosuid and nodev hold anyway: no_new_privs is always on, and devices cannot be made. */
static void tmpfs_option(const struct value *v, const char *option, struct stack_mount *m)
{
	uint32_t mode = 0;

	if (!strcmp(option, "ro")) {
		m->read_only = true;
	} else if (sp_str_starts(option, "size=")) {
		if (sp_parse_bytes(option + 5, &m->size_bytes, NULL) < 0)
			value_refuse(v, STACK_CODE_VALUE, "has the size '%s'", option + 5);
	} else if (sp_str_starts(option, "mode=")) {
		for (const char *c = option + 5; *c >= '0' && *c <= '7' && mode <= 07777; c++)
			mode = mode * 8 + (uint32_t)(*c - '0');
		if (!mode || mode > 07777 || option[5 + strspn(option + 5, "01234567")])
			value_refuse(v, STACK_CODE_VALUE, "has the mode '%s'", option + 5);
		m->mode = mode;
	} else if (strcmp(option, "rw") != 0 && strcmp(option, "nosuid") != 0 &&
		   strcmp(option, "nodev") != 0) {
		value_refuse(v, STACK_CODE_UNSUPPORTED,
			     "has the option '%s', which is not supported yet", option);
	}
}

/* "/run" or "/run:size=64m,mode=1777" */
static void tmpfs_one(const struct value *v, void *service)
{
	const char *text = value_text(v, "a path");
	char *target = text ? stack_arena_dup(v->r->arena, text) : NULL;
	struct stack_mount m = { .type = WIRE_MOUNT_TMPFS };

	if (!target)
		return;
	for (char *option = mount_cut(target, ':'), *next; option; option = next) {
		next = mount_cut(option, ',');
		tmpfs_option(v, option, &m);
	}
	if (!check_target(v, target))
		return;
	m.target = clean_path(v->r, target);
	mount_add(v, &m, service);
}

void read_tmpfs(const struct value *v, void *service)
{
	if (v->node->kind != NODE_LIST)
		tmpfs_one(v, service);
	else
		value_each_item(v, tmpfs_one, service);
}
