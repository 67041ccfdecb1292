/* The environment, checked; see settings.h. */
#include "images/recipes/api/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_MAX 1024

struct reason {
	char *text;
	size_t size;
};

#define refuse(r, ...) (snprintf((r)->text, (r)->size, __VA_ARGS__), -1)

static bool parse_port(const char *s, in_port_t *ret)
{
	char *end;
	unsigned long port = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || port < 1 || port > 65535)
		return false;
	*ret = htons((in_port_t)port);
	return true;
}

static int read_listen(struct settings *s, const struct reason *r)
{
	const char *text = getenv("LISTEN"), *colon;
	char address[INET_ADDRSTRLEN];

	text = text ? text : "0.0.0.0:8080";
	colon = strrchr(text, ':');
	s->listen.sin_family = AF_INET;
	if (!colon || (size_t)(colon - text) >= sizeof(address))
		return refuse(r, "LISTEN '%s' is not ADDRESS:PORT", text);
	memcpy(address, text, (size_t)(colon - text));
	address[colon - text] = '\0';
	if (inet_pton(AF_INET, address, &s->listen.sin_addr) != 1)
		return refuse(r, "LISTEN '%s': '%s' is not an IPv4 address", text, address);
	if (!parse_port(colon + 1, &s->listen.sin_port))
		return refuse(r, "LISTEN '%s': '%s' is not a port", text, colon + 1);
	return 0;
}

static int check_url(const char *url, const struct reason *r)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool host = false, name = false, port = true;
	in_port_t ignored;

	if (!options) /* libpq could say where, in words that may hold the password */
		return refuse(r, "DATABASE_URL is not a PostgreSQL connection string");
	for (PQconninfoOption *o = options; o->keyword; o++) {
		host |= o->val && *o->val && !strncmp(o->keyword, "host", 4);
		name |= o->val && *o->val && !strcmp(o->keyword, "dbname");
		port &= !o->val || strcmp(o->keyword, "port") != 0 || parse_port(o->val, &ignored);
	}
	PQconninfoFree(options);
	if (!host)
		return refuse(r, "DATABASE_URL names no host");
	if (!port)
		return refuse(r, "DATABASE_URL names a port that is none");
	return name ? 0 : refuse(r, "DATABASE_URL names no database");
}

static int read_url(struct settings *s, const struct reason *r)
{
	s->database_url = getenv("DATABASE_URL");
	if (!s->database_url || !*s->database_url)
		return refuse(r, "DATABASE_URL is not set");
	return check_url(s->database_url, r);
}

static int read_password(struct settings *s, const struct reason *r)
{
	const char *path = getenv("DATABASE_PASSWORD_FILE");
	char line[PASSWORD_MAX + 2] = "";
	FILE *f;

	if (!path)
		return 0;
	f = fopen(path, "re");
	if (!f)
		return refuse(r, "DATABASE_PASSWORD_FILE '%s': %s", path, strerror(errno));
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	if (!*line || strlen(line) > PASSWORD_MAX)
		return refuse(r, "DATABASE_PASSWORD_FILE '%s' holds %s password", path,
			      *line ? "too long a" : "no");
	s->password = strdup(line);
	return s->password ? 0 : refuse(r, "out of memory");
}

int settings_read(struct settings *ret, char *ret_reason, int reason_size)
{
	struct reason r = { ret_reason, (size_t)reason_size };

	*ret = (struct settings){ 0 };
	if (read_listen(ret, &r) < 0 || read_url(ret, &r) < 0)
		return -1;
	return read_password(ret, &r);
}
