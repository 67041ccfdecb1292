/* Types of events; see event_type.h. */
#include "wire/event_type.h"

#include <string.h>

#include "base/str.h"

static const char *const types[] = {
#define X(name) name,
	WIRE_EVENT_TYPES(X)
#undef X
		NULL
};

/* "lock.": some begin so. */
static bool is_family(const char *asked, size_t len)
{
	for (size_t i = 0; types[i]; i++)
		if (!strncmp(types[i], asked, len) && types[i][len] == '.')
			return true;
	return false;
}

static bool is_known(const char *asked)
{
	size_t len = strlen(asked);

	for (size_t i = 0; types[i]; i++)
		if (!strcmp(types[i], asked))
			return true;
	return len > 1 && asked[len - 1] == '.' && is_family(asked, len - 1);
}

int wire_event_type_check(const char *asked, struct sp_err *err)
{
	const char *near = sp_str_nearest(asked, types);

	if (is_known(asked))
		return 0;
	if (*asked && is_family(asked, strlen(asked)))
		return sp_fail(
			err, SP_E_INVALID,
			"'%s' is no type of an event; did you mean '%s.', all that begin so?",
			asked, asked);
	return sp_fail(err, SP_E_INVALID, "'%.80s' is no type of an event%s%s%s", asked,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
