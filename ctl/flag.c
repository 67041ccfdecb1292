/* The flags of one command; see flag.h. */
#include "ctl/flag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"

#define FLAGS_MAX 64 /* of one command, for suggestions */

const struct ctl_flag *ctl_flag_at(const struct ctl_command *command, size_t i)
{
	for (const struct ctl_flag *f = command ? command->flags : NULL; f && f->name; f++)
		if (!i--)
			return f;
	for (const struct ctl_flag *f = ctl_global_flags; f->name; f++)
		if (!i--)
			return f;
	return NULL;
}

const struct ctl_flag *ctl_flag_by_name(const struct ctl_command *command, const char *name,
					size_t len)
{
	const struct ctl_flag *f;

	for (size_t i = 0; (f = ctl_flag_at(command, i)); i++)
		if (strlen(f->name) == len && !strncmp(f->name, name, len))
			return f;
	return NULL;
}

const struct ctl_flag *ctl_flag_by_letter(const struct ctl_command *command, char letter)
{
	const struct ctl_flag *f;

	for (size_t i = 0; (f = ctl_flag_at(command, i)); i++)
		if (f->letter == letter)
			return f;
	return NULL;
}

const char *ctl_flag_nearest(const struct ctl_command *command, const char *word)
{
	const char *names[FLAGS_MAX + 1];
	const struct ctl_flag *f;
	char bare[64];
	size_t n = 0;

	for (size_t i = 0; n < FLAGS_MAX && (f = ctl_flag_at(command, i)); i++)
		names[n++] = f->name;
	names[n] = NULL;
	while (*word == '-')
		word++;
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(word, "="), word);
	return sp_str_nearest(bare, names);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == len && !strncmp(at, value, len))
			return true;
	return false;
}

int ctl_flag_check(const struct ctl_flag *flag, const char *value, struct sp_err *err)
{
	uint32_t count;
	int64_t ns;
	int r = 0;

	switch (flag->type) {
	case CTL_BOOL:
	case CTL_STRING:
		break;
	case CTL_COUNT:
		r = sp_parse_u32(value, &count, err);
		break;
	case CTL_DURATION:
		r = sp_duration_parse(value, &ns, err);
		break;
	case CTL_CHOICE:
		if (!is_choice(flag->value, value))
			r = sp_fail(err, SP_E_INVALID, "'%s' is not one of %s", value, flag->value);
		break;
	}
	if (r < 0) {
		sp_err_prefix(err, "--%s", flag->name);
		sp_err_at(err, SP_STAGE_CLIENT);
	}
	return r;
}

int64_t ctl_flag_number(const struct ctl_flag *flag, const char *value)
{
	uint32_t count = 0;
	int64_t ns = 0;

	if (flag->type == CTL_DURATION)
		return sp_duration_parse(value, &ns, NULL) == 0 ? ns : 0;
	return sp_parse_u32(value, &count, NULL) == 0 ? count : 0;
}
