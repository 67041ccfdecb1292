/* The client's own environment and file system; see client.h. */
#include "stackfile/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "stackfile/arena.h"
#include "stackfile/env_file.h"
#include "stackfile/env_list.h"

struct stack_client {
	struct stack_arena *arena;
	int directory_fd;
	char *const *environ; /* borrowed */
	char **from_files;    /* in the arena */
};

void stack_client_free(struct stack_client *c)
{
	if (!c)
		return;
	stack_arena_free(c->arena);
	sp_close(&c->directory_fd);
	free(c);
}

static const char *variable(void *state, const char *name)
{
	const struct stack_client *c = state;
	const char *value = env_list_get(c->environ, name);

	return value ? value : env_list_get(c->from_files, name);
}

static int file(void *state, const char *path, struct sp_buf *ret, struct sp_err *err)
{
	const struct stack_client *c = state;

	return sp_file_read_at(c->directory_fd, path, STACK_FILE_MAX, ret, err);
}

struct stack_resolver stack_client_resolver(struct stack_client *c)
{
	return (struct stack_resolver){ variable, file, c };
}

/* A value in an env file may use the environment and the files before it. */
static int env_file_load(struct stack_client *c, const char *path, bool required,
			 struct stack_report *report, struct sp_err *err)
{
	struct stack_resolver resolver = stack_client_resolver(c);
	struct env_file f = {
		.arena = c->arena, .report = report, .resolver = &resolver, .file = path, .key = ""
	};
	autobuf struct sp_buf text = { 0 };
	struct sp_err missing = { 0 };
	int r = file(c, path, &text, &missing);

	if (r == -ENOENT && !required)
		return 0;
	if (r < 0) {
		if (err)
			*err = missing;
		return r;
	}
	if (text.len && memchr(text.data, '\0', text.len))
		return sp_fail(err, SP_E_INVALID, "'%s' is not a text file", path);
	if (text.len)
		env_file_read(&f, text.data, &c->from_files);
	return 0;
}

static int env_files_load(struct stack_client *c, char *const *paths, struct stack_report *report,
			  struct sp_err *err)
{
	int r = 0;

	if (!paths)
		return env_file_load(c, ".env", false, report, err);
	for (; *paths && r == 0; paths++)
		r = env_file_load(c, *paths, true, report, err);
	return r;
}

static int client_init(struct stack_client *c, const struct stack_client_conf *conf,
		       struct sp_err *err)
{
	c->environ = conf->environ;
	c->directory_fd = open(conf->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->directory_fd < 0)
		return sp_fail_errno(err, errno, "'%s'", conf->directory);
	c->arena = stack_arena_new();
	return c->arena ? 0 : sp_fail_nomem(err);
}

int stack_client_new(const struct stack_client_conf *conf, struct stack_client **ret,
		     struct stack_report *report, struct sp_err *err)
{
	auto_(stack_client_free) struct stack_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return sp_fail_nomem(err);
	r = client_init(c, conf, err);
	if (r == 0)
		r = env_files_load(c, conf->env_files, report, err);
	if (r == 0)
		r = stack_arena_check(c->arena, err);
	if (r == 0)
		r = stack_report_result(report, err);
	if (r == 0)
		*ret = take_ptr(c);
	return r;
}
