/* A container of the box that lives on while the test looks at it. */
#pragma once

#include "box.h"

/* Started and left running; the caller destroys it. */
static inline struct rt_container *box_start(struct box *b, struct box_spec *s, const char *script)
{
	const char *args[] = { "/bin/busybox", "sh", "-c", script, NULL };
	struct rt_container *c = NULL;
	struct sp_err err = { 0 };

	box_spec(b, args, s);
	cr_assert_eq(rt_create(b->engine, &s->spec, &c, &err), 0, "%s", err.message);
	cr_assert_eq(rt_start(c, &err), 0, "%s", err.message);
	return c;
}

static inline struct rt_exit box_end_of(struct rt_container *c)
{
	struct sp_err err = { 0 };
	struct rt_exit x = { 0 };

	cr_assert_eq(rt_reap(c, 10000, &x, &err), 1, "%s", err.message);
	return x;
}

static inline void box_destroy(struct box *b, struct rt_container *c)
{
	struct sp_err err = { 0 };

	cr_expect_eq(rt_destroy(b->engine, c, &err), 0, "%s", err.message);
}

/* The workload says that it is there by making a file in its root, which is upper/. */
static inline void box_await_file(const struct box_spec *s, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/upper/%s", s->dir, name);
	for (int i = 0; i < 1000 && access(path, F_OK) < 0; i++)
		usleep(5000);
	cr_assert_eq(access(path, F_OK), 0, "no %s", path);
}
