/* Which fields of a spec are shown; the rule is told in sensitive.h. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/stack/spec_fields.h"
#include "control/stack/telling.h"

/* Text that people are free in: what of it the file has to say openly, or NULL. A probe is said
 * as a whole; where it asks (port, path, host) is an address, which ctl verify asks too. */
static const char *free_text(const char *path, char ret_probe[16])
{
	static const char *const lines[] = { "entrypoint", "command" };
	static const char *const maps[] = { "environment.", "labels." };
	static const char *const probes[] = { "startup.", "liveness.", "readiness." };
	static const char *const asked[] = { "command", "user", "database" };

	for (size_t i = 0; i < SP_COUNT(lines); i++)
		if (!strcmp(path, lines[i]))
			return path;
	for (size_t i = 0; i < SP_COUNT(maps); i++)
		if (sp_str_starts(path, maps[i]))
			return path;
	for (size_t i = 0; i < SP_COUNT(probes); i++) {
		size_t n = strlen(probes[i]);

		for (size_t k = 0; sp_str_starts(path, probes[i]) && k < SP_COUNT(asked); k++)
			if (!strcmp(path + n, asked[k])) {
				snprintf(ret_probe, 16, "%.*s", (int)n - 1, path);
				return ret_probe;
			}
	}
	return NULL;
}

static bool is_hidden(const struct spec_fields *of, const char *path)
{
	char probe[16];
	const char *said = free_text(path, probe);

	for (char *const *open = of->open; said && *open; open++)
		if (!strcmp(*open, said))
			return false;
	return said != NULL;
}

/* The whole name of a variable or label, else the last member of the path. */
static bool name_tells(const char *path)
{
	const char *name = strrchr(path, '.');

	name = name ? name + 1 : path;
	if (sp_str_starts(path, "labels.") || sp_str_starts(path, "environment."))
		name = strchr(path, '.') + 1;
	return telling_name(name, strlen(name));
}

bool spec_field_is_sensitive(const struct spec_fields *of, const struct spec_field *f)
{
	return f->secret || is_hidden(of, f->path) ||
	       (json_is_string(f->value) && name_tells(f->path)) ||
	       sensitive_value(of->known, f->value);
}
