/* The reference grammar; see reference.h. */
#include "images/reference.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool is_alnum_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Bytes of the separator at s: ".", "_", "__" or dashes; 0 when there is none. */
static size_t separator(const char *s)
{
	if (*s == '-')
		return strspn(s, "-");
	if (*s == '_')
		return s[1] == '_' ? 2 : 1;
	return *s == '.';
}

/* One component of a name: [a-z0-9]+ (separator [a-z0-9]+)*, len bytes. */
static bool component_valid(const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		if (!is_alnum_lower(*s))
			return false;
		while (s < end && is_alnum_lower(*s))
			s++;
		if (s == end)
			return true;
		s += separator(s);
	}
	return false; /* empty, or ends in a separator */
}

/* "host:port" or a host of mixed case, as only the first component may be. */
static bool host_valid(const char *s, size_t len)
{
	size_t host = 0, port;

	while (host < len && (isalnum((unsigned char)s[host]) || s[host] == '.' || s[host] == '-'))
		host++;
	if (!host || !isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[host - 1]))
		return false;
	if (host == len)
		return true;
	port = len - host - 1;
	return s[host] == ':' && port >= 1 && port <= 5 &&
	       strspn(s + host + 1, "0123456789") >= port;
}

static bool name_valid(const char *name)
{
	const char *slash = strchr(name, '/');

	if (slash && host_valid(name, (size_t)(slash - name)))
		name = slash + 1;
	for (;;) {
		size_t len = strcspn(name, "/");

		if (!component_valid(name, len))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

static bool tag_valid(const char *tag)
{
	size_t len = strlen(tag);

	if (!len || len > IMG_TAG_MAX || *tag == '.' || *tag == '-')
		return false;
	for (; *tag; tag++)
		if (!isalnum((unsigned char)*tag) && !strchr("_.-", *tag))
			return false;
	return true;
}

int img_reference_parse(const char *s, struct img_reference *ret, struct sp_err *err)
{
	struct img_reference r = { 0 };
	char text[IMG_REFERENCE_MAX], *at, *colon;

	if ((size_t)snprintf(text, sizeof(text), "%s", s) >= sizeof(text))
		return sp_fail(err, SP_E_INVALID, "image reference of %zu bytes is too long",
			       strlen(s));
	at = strchr(text, '@');
	if (at) {
		*at = '\0';
		if (!sp_digest_valid(at + 1))
			return sp_fail(err, SP_E_INVALID,
				       "image reference '%s': '%s' is not a sha256 digest", s,
				       at + 1);
		snprintf(r.digest, sizeof(r.digest), "%s", at + 1);
	}
	colon = strrchr(text, ':');
	if (colon && !strchr(colon, '/')) {
		*colon = '\0';
		if (!tag_valid(colon + 1))
			return sp_fail(err, SP_E_INVALID, "image reference '%s': bad tag '%s'", s,
				       colon + 1);
		snprintf(r.tag, sizeof(r.tag), "%s", colon + 1);
	} else if (!at) {
		snprintf(r.tag, sizeof(r.tag), "latest");
	}
	if (strlen(text) > IMG_NAME_MAX || !name_valid(text))
		return sp_fail(err, SP_E_INVALID, "image reference '%s': bad name '%s'", s, text);
	snprintf(r.name, sizeof(r.name), "%s", text);
	*ret = r;
	return 0;
}

void img_reference_key(const struct img_reference *r, char ret[IMG_REFERENCE_MAX])
{
	snprintf(ret, IMG_REFERENCE_MAX, "%s%s%s", r->name, *r->tag ? ":" : "", r->tag);
}
