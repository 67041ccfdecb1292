/* The grammar of entry names; see entry_path.h. */
#include "images/entry_path.h"

#include <stdio.h>
#include <string.h>

#include "images/limits.h"

static int check_component(const char *s, size_t len, struct sp_err *err)
{
	if (len == 2 && s[0] == '.' && s[1] == '.')
		return sp_fail(err, SP_E_ESCAPE, "the name holds '..'");
	if (len > NAME_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "a part of the name has %zu bytes, at most %d",
			       len, NAME_MAX);
	return 0;
}

static int check_whole(const char *name, uint32_t path_max, struct sp_err *err)
{
	size_t len = strlen(name);

	if (!len)
		return sp_fail(err, SP_E_CORRUPT, "the name is empty");
	if (*name == '/')
		return sp_fail(err, SP_E_ESCAPE, "the name is absolute");
	if (len > path_max || len >= PATH_MAX)
		return sp_fail(err, SP_E_TOO_LARGE, "the name has %zu bytes, at most %u", len,
			       path_max < PATH_MAX ? path_max : PATH_MAX - 1);
	return 0;
}

int img_entry_path_parse(const char *name, uint32_t path_max, struct img_entry_path *ret,
			 struct sp_err *err)
{
	size_t used = 0, depth = 0, len;
	int r = check_whole(name, path_max, err);

	ret->base[0] = '\0';
	for (; r == 0 && *name; name += len + (name[len] == '/')) {
		len = strcspn(name, "/");
		if (!len || (len == 1 && *name == '.'))
			continue;
		r = check_component(name, len, err);
		if (r == 0 && ++depth > IMG_LAYER_DEPTH_MAX)
			r = sp_fail(err, SP_E_TOO_LARGE, "the name has more than %d parts",
				    IMG_LAYER_DEPTH_MAX);
		if (r < 0)
			break;
		if (*ret->base)
			used += (size_t)snprintf(ret->parent + used, sizeof(ret->parent) - used,
						 "%s%s", used ? "/" : "", ret->base);
		memcpy(ret->base, name, len);
		ret->base[len] = '\0';
	}
	if (!used)
		snprintf(ret->parent, sizeof(ret->parent), ".");
	return r;
}
