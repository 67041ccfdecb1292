/* Stack files on the client; see source.h. */
#include "ctl/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/table.h"
#include "stackfile/client.h"

extern char **environ;

void ctl_source_fini(struct ctl_source *s)
{
	stack_bundle_free(s->bundle);
	stack_free(s->stack);
	stack_report_fini(&s->report);
	*s = (struct ctl_source){ 0 };
}

void ctl_source_talk(const struct ctl_source *s)
{
	for (size_t i = 0; i < s->report.n; i++) {
		autobuf struct sp_buf line = SP_BUF_INIT, clean = SP_BUF_INIT;

		stack_diagnostic_format(&s->report.list[i], &line);
		ctl_clean(&clean, line.data ? line.data : "", false);
		fprintf(stderr, "%s\n", clean.data ? clean.data : "");
	}
}

/* The directory of path, absolute, on the heap; NULL with errno set. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash)
		return realpath(".", NULL);
	snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return realpath(dir, NULL);
}

static int read_text(const char *path, struct sp_buf *text, struct sp_err *err)
{
	if (!strcmp(path, "-"))
		return sp_read_all(STDIN_FILENO, CTL_SOURCE_MAX, text, err);
	return sp_file_read_at(AT_FDCWD, path, CTL_SOURCE_MAX, text, err);
}

/* The values of --env-file as a list; NULL with *ret_error 0 when there are none. */
static char **env_files(const struct ctl_args *args, int *ret_error)
{
	const char *file;
	char **list = NULL;

	*ret_error = 0;
	for (size_t i = 0; (file = ctl_flag_nth(args, "env-file", i)); i++) {
		if (sp_strv_push(&list, file) == 0)
			continue;
		*ret_error = -ENOMEM;
		break;
	}
	return list;
}

static int collect(const struct stack_source *source, char *const *files, struct ctl_source *ret,
		   struct sp_err *err)
{
	auto_(stack_client_free) struct stack_client *client = NULL;
	struct stack_client_conf conf = { .directory = source->directory,
					  .env_files = files,
					  .environ = environ };
	struct stack_resolver resolver;
	int r = stack_client_new(&conf, &client, &ret->report, err);

	if (r < 0)
		return r;
	resolver = stack_client_resolver(client);
	return stack_bundle_collect(source, &resolver, &ret->bundle, &ret->stack, &ret->report,
				    err);
}

int ctl_source_read(const struct ctl_args *args, const char *path, struct ctl_source *ret,
		    struct wire_failure *fail)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	autofree char *directory = NULL;
	struct stack_source source;
	char **files;
	int r = read_text(path, &text, &fail->err);

	sp_err_at(r < 0 ? &fail->err : NULL, SP_STAGE_CLIENT);
	if (r < 0)
		return r;
	directory = directory_of(!strcmp(path, "-") ? "." : path);
	if (!directory)
		return sp_fail_errno(&fail->err, errno, "directory of '%s'", path);
	source = (struct stack_source){ .file = path,
					.text = text.data ? text.data : "",
					.len = text.len,
					.name = ctl_flag_str(args, "name"),
					.directory = directory };
	files = env_files(args, &r);
	r = r < 0 ? sp_fail_nomem(&fail->err) : collect(&source, files, ret, &fail->err);
	sp_strv_free(files);
	if (r < 0)
		sp_err_at(&fail->err, SP_STAGE_VALIDATE);
	return r;
}

bool ctl_source_is_file(const char *name)
{
	struct stat st;

	return !strcmp(name, "-") || strpbrk(name, "/.") ||
	       (stat(name, &st) == 0 && !S_ISDIR(st.st_mode));
}

int ctl_source_bundle(const struct ctl_args *args, const char *path, json_t **ret,
		      struct wire_failure *fail)
{
	struct ctl_source s = { 0 };
	int r = ctl_source_read(args, path, &s, fail);

	ctl_source_talk(&s);
	if (r == 0)
		r = stack_bundle_encode(s.bundle, ret, &fail->err);
	else if (s.report.errors)
		ctl_fail(fail, SP_E_INVALID, "'%s' is refused; nothing was sent", path);
	ctl_source_fini(&s);
	return r;
}
