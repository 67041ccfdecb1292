/* Paths on the node; see host_path.h. */
#include "stackfile/host_path.h"

#include <limits.h>
#include <string.h>

/* Appends the components of path to out, which holds an absolute path. */
static void components_add(char *out, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/"), len = strlen(out);

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			char *slash = strrchr(out, '/');

			if (slash)
				*slash = '\0';
		} else if (n && !(n == 1 && path[0] == '.')) {
			out[len] = '/';
			memcpy(out + len + 1, path, n);
			out[len + 1 + n] = '\0';
		}
		path += n + (path[n] == '/');
	}
}

static char *lexical_path(struct reader *r, const char *path)
{
	char *out = stack_arena_zalloc(r->arena, strlen(path) + 2);

	if (out)
		components_add(out, path);
	return out;
}

char *host_path_read(const struct value *v, const char *source)
{
	struct reader *r = v->r;
	const char *base = r->source->directory;
	char *path;

	if (strlen(source) >= PATH_MAX) {
		value_refuse(v, STACK_CODE_LIMIT, "is a path of more than %d bytes", PATH_MAX - 1);
		return NULL;
	}
	if (source[0] == '/')
		return lexical_path(r, source);
	if (source[0] == '~') {
		base = r->resolver->variable(r->resolver->state, "HOME");
		source++;
		if (*source && *source != '/') {
			value_refuse(v, STACK_CODE_UNSUPPORTED,
				     "names the home directory of a user, which is not supported");
			return NULL;
		}
	}
	if (!base || base[0] != '/') {
		value_refuse(
			v, STACK_CODE_VALUE,
			"'%s' is relative, and it is not known to what: write an absolute path",
			source);
		return NULL;
	}
	path = stack_arena_format(r->arena, "%s/%s", base, source);
	path = path ? lexical_path(r, path) : NULL;
	if (path)
		value_note(v, STACK_NOTE, STACK_CODE_VALUE, "is '%s' on the node", path);
	return path;
}
