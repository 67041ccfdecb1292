/* The mount table of a process; see mountinfo.h. */
#include "runtime/mountinfo.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "runtime/process_id.h"

#define FIELDS_BEFORE 6 /* id, parent, device, root, mount point, options; then optional ones */

/* Blanks and backslashes are written as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)strtoul((char[]){ s[1], s[2], s[3], '\0' }, NULL, 8);
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool has_option(const char *options, const char *name)
{
	size_t n = strlen(name);

	for (const char *o = options; o; o = strchr(o, ','), o += o != NULL)
		if (!strncmp(o, name, n) && (o[n] == ',' || o[n] == '\0'))
			return true;
	return false;
}

bool rt_mountinfo_parse(char *line, struct rt_mounted *ret)
{
	char *before[FIELDS_BEFORE], *rest = strstr(line, " - "), *type, *source;

	if (!rest)
		return false;
	*rest = '\0';
	rest += strlen(" - ");
	for (int i = 0; i < FIELDS_BEFORE; i++) {
		before[i] = strsep(&line, " ");
		if (!before[i])
			return false;
	}
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	if (!type || !source || !rest)
		return false;
	unescape(before[3]);
	unescape(before[4]);
	*ret = (struct rt_mounted){ .root = before[3],
				    .target = before[4],
				    .options = before[5],
				    .type = type,
				    .super = rest,
				    .read_only = has_option(before[5], "ro") };
	return true;
}

int rt_mountinfo_each(pid_t pid, rt_mounted_fn fn, void *state, struct sp_err *err)
{
	autobuf struct sp_buf text = SP_BUF_INIT;
	int r = rt_process_read(pid, "mountinfo", &text, err);
	char *rest = text.data, *line;
	struct rt_mounted m;

	if (r < 0)
		return r;
	while ((line = strsep(&rest, "\n")))
		if (rt_mountinfo_parse(line, &m))
			fn(&m, state);
	return 0;
}

/* "lowerdir=a:b" or "lowerdir+=a,lowerdir+=b", by which call the mount was made. */
size_t rt_mountinfo_layers(const char *super)
{
	size_t n = 0;

	for (const char *o = super; o; o = strchr(o, ','), o += o != NULL) {
		if (sp_str_starts(o, "lowerdir+="))
			n++;
		if (!sp_str_starts(o, "lowerdir="))
			continue;
		n++;
		for (; *o && *o != ','; o++)
			n += *o == ':';
	}
	return n;
}
