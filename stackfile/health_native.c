/*
 * Health checks that only ask something over the network, made natively: no fork, and no curl in
 * the image.
 *
 * A command is taken only when every word of it is understood; anything else is run as it stands.
 */
#include <string.h>

#include "base/str.h"
#include "stackfile/env_list.h"
#include "stackfile/health.h"
#include "stackfile/interpolate.h"
#include "stackfile/words.h"

/* An option that may be there; takes: its value is the next word or follows '='. */
struct option {
	const char *name;
	bool takes;
	const char *value; /* NULL: any */
};

/* ---- words of a shell line ---- */

struct lookup {
	char *const *environment;
	bool missing; /* a variable the service's environment does not tell */
};

static const char *from_environment(void *state, const char *name)
{
	struct lookup *l = state;
	const char *value = env_list_get(l->environment, name);

	l->missing |= !value;
	return value;
}

/* One word with the variables a shell would see; NULL when that is not certain. */
static char *word_expand(struct reader *r, const char *word, char *const *environment)
{
	struct lookup l = { environment, false };
	struct interpolate_vars vars = { .lookup = from_environment, .state = &l };
	struct interpolate_problem problem;
	autobuf struct sp_buf out = { 0 };

	if (strstr(word, "$$") || interpolate(word, &vars, &out, &problem) != INTERPOLATE_OK)
		return NULL;
	if (l.missing || out.error || !out.len || strpbrk(out.data, " \t\n*?["))
		return NULL;
	return stack_arena_copy(r->arena, out.data, out.len);
}

/* "... || exit 1" changes nothing but the number of a failure. */
static void cut_exit(char *line)
{
	char *bars = strstr(line, "||"), *rest;

	if (!bars)
		return;
	rest = bars + 2;
	rest += strspn(rest, " ");
	if (!strncmp(rest, "exit 1", 6) && !rest[6 + strspn(rest + 6, " ")])
		*bars = '\0';
}

static char **shell_words(struct reader *r, const char *shell, char *const *environment)
{
	char *line = stack_arena_dup(r->arena, shell);
	char **words;

	if (!line)
		return NULL;
	cut_exit(line);
	if (strpbrk(line, "|&;<>()`*[]~!#\n\\") || (strchr(line, '\'') && strchr(line, '$')))
		return NULL;
	words = words_split(r->arena, line);
	for (char **w = words; w && *w; w++)
		if (strchr(*w, '$') && !(*w = word_expand(r, *w, environment)))
			return NULL;
	return words;
}

/* ---- options ---- */

static const struct option *option_find(const struct option *options, const char *word, size_t len)
{
	for (; options->name; options++)
		if (strlen(options->name) == len && !strncmp(options->name, word, len))
			return options;
	return NULL;
}

/* "-fsS": every letter an option without a value. */
static bool letters_known(const struct option *options, const char *word, bool *ret_fail)
{
	for (const char *c = word + 1; *c; c++) {
		char one[3] = { '-', *c, '\0' };
		const struct option *o = option_find(options, one, 2);

		if (!o || o->takes)
			return false;
		*ret_fail |= *c == 'f';
	}
	return word[1] != '\0';
}

struct request {
	const char *url;
	bool fail; /* curl -f */
};

/* Understand one option at *w and step over its value. */
static bool option_read(const struct option *options, char ***w, struct request *ret)
{
	const char *word = **w, *equals = strchr(word, '=');
	size_t len = equals && word[1] == '-' ? (size_t)(equals - word) : strlen(word);
	const struct option *o = option_find(options, word, len);
	const char *value = equals ? equals + 1 : NULL;

	if (!o)
		return word[1] != '-' && letters_known(options, word, &ret->fail);
	ret->fail |= !strcmp(o->name, "-f") || !strcmp(o->name, "--fail");
	if (!o->takes)
		return !value || word[1] != '-';
	if (!value || word[1] != '-')
		value = *++*w;
	return value && (!o->value || !strcmp(value, o->value));
}

static bool request_read(const struct option *options, char **words, struct request *ret)
{
	for (char **w = words + 1; *w; w++) {
		if ((*w)[0] == '-') {
			if (!option_read(options, &w, ret))
				return false;
		} else if (ret->url) {
			return false;
		} else {
			ret->url = *w;
		}
	}
	return ret->url;
}

/* ---- http ---- */

#define LOCAL "localhost" /* what a probe asks on the container's loopback by */

/* http://HOST[:PORT][/PATH] of this machine; connecting to 0.0.0.0 reaches the loopback too. */
static bool url_read(struct reader *r, const char *url, struct wire_probe *p)
{
	enum { ANY };
	static const char *const hosts[] = { [ANY] = "0.0.0.0", "127.0.0.1", LOCAL };
	const char *end;
	uint32_t port = 80;

	if (sp_str_starts(url, "http://"))
		url += 7;
	p->host = NULL;
	for (size_t i = 0; i < SP_COUNT(hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (!strncmp(url, hosts[i], n) && strchr(":/", url[n])) {
			p->host = stack_arena_dup(r->arena, i == ANY ? LOCAL : hosts[i]);
			url += n;
			break;
		}
	}
	if (!p->host)
		return false;
	end = url + strcspn(url, "/");
	if (*url == ':') {
		char *digits = stack_arena_copy(r->arena, url + 1, (size_t)(end - url - 1));

		if (!digits || sp_parse_u32(digits, &port, NULL) < 0 || !port || port > UINT16_MAX)
			return false;
	}
	p->port = (uint16_t)port;
	p->path = stack_arena_dup(r->arena, *end ? end : "/");
	return !strpbrk(end, "# \t\"<>\\^`{|}");
}

static bool http_probe(struct reader *r, const struct request *q, bool any_status,
		       struct wire_probe *p)
{
	if (!url_read(r, q->url, p))
		return false;
	p->type = WIRE_PROBE_HTTP;
	p->status_min = any_status ? 100 : 200;
	p->status_max = any_status ? 599 : 399;
	return true;
}

static bool curl(struct reader *r, char **words, struct wire_probe *p)
{
	static const struct option options[] = {
		{ "-f", false, NULL },       { "--fail", false, NULL },
		{ "-s", false, NULL },       { "--silent", false, NULL },
		{ "-S", false, NULL },       { "--show-error", false, NULL },
		{ "-o", true, "/dev/null" }, { "--output", true, "/dev/null" },
		{ NULL, false, NULL },
	};
	struct request q = { 0 };

	return request_read(options, words, &q) && http_probe(r, &q, !q.fail, p);
}

/* wget follows redirects, so 3xx means "go on" there: a native probe is content with it. */
static bool wget(struct reader *r, char **words, struct wire_probe *p)
{
	static const struct option options[] = {
		{ "-q", false, NULL },        { "--quiet", false, NULL },
		{ "-nv", false, NULL },       { "--no-verbose", false, NULL },
		{ "--spider", false, NULL },  { "-t", true, "1" },
		{ "--tries", true, "1" },     { "-O-", false, NULL },
		{ "-qO-", false, NULL },      { "-O", true, "/dev/null" },
		{ "-qO", true, "/dev/null" }, { "--output-document", true, "/dev/null" },
		{ NULL, false, NULL },
	};
	struct request q = { 0 };

	return request_read(options, words, &q) && http_probe(r, &q, false, p);
}

/* ---- postgres ---- */

static bool pg_option(const char *name, char **ret_key)
{
	static const char *const names[][2] = {
		{ "-h", "--host" }, { "-p", "--port" }, { "-U", "--username" }, { "-d", "--dbname" }
	};

	for (size_t i = 0; i < SP_COUNT(names); i++)
		if (!strcmp(name, names[i][0]) || !strcmp(name, names[i][1])) {
			*ret_key = (char *)names[i][0];
			return true;
		}
	return false;
}

static bool pg_set(struct wire_probe *p, char key, char *value)
{
	uint32_t port;

	switch (key) {
	case 'h':
		return !strcmp(value, "localhost") || !strcmp(value, "127.0.0.1");
	case 'p':
		if (sp_parse_u32(value, &port, NULL) < 0 || !port || port > UINT16_MAX)
			return false;
		p->port = (uint16_t)port;
		return true;
	case 'U':
		p->user = value;
		return true;
	default:
		p->database = value;
		return !strpbrk(value, "=/"); /* a connection string */
	}
}

/* --name=value, --name value, -n value, -nvalue; -q and --quiet change nothing. */
static bool pg_word(struct reader *r, char ***w, struct wire_probe *p)
{
	char *word = **w, *equals = strchr(word, '='), *key;
	char *name, *value;

	if (!strcmp(word, "-q") || !strcmp(word, "--quiet"))
		return true;
	if (word[0] == '-' && word[1] && word[1] != '-' && word[2]) {
		name = stack_arena_copy(r->arena, word, 2);
		value = word + 2;
	} else if (equals) {
		name = stack_arena_copy(r->arena, word, (size_t)(equals - word));
		value = equals + 1;
	} else {
		name = word;
		value = *++*w;
	}
	return name && value && *value && pg_option(name, &key) && pg_set(p, key[1], value);
}

/*
 * pg_isready asks by the start-up packet, as the probe does. Without -h it would use the unix
 * socket; the probe uses TCP, which the official images open only once they are set up.
 */
static bool pg_isready(struct reader *r, char **words, char *const *environment,
		       struct wire_probe *p)
{
	static const char *const elsewhere[] = { "PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE" };

	for (size_t i = 0; i < SP_COUNT(elsewhere); i++)
		if (env_list_get(environment, elsewhere[i]))
			return false;
	p->port = 5432;
	p->host = stack_arena_dup(r->arena, LOCAL);
	for (char **w = words + 1; *w; w++)
		if (!pg_word(r, &w, p))
			return false;
	p->type = WIRE_PROBE_POSTGRES;
	return true;
}

bool health_native(struct reader *r, const struct health_test *test, char *const *environment,
		   struct wire_probe *ret)
{
	char **words = test->shell ? shell_words(r, test->shell, environment) : test->argv;
	struct wire_probe p = { 0 };
	bool native = false;

	if (!words || !words[0])
		return false;
	if (!strcmp(words[0], "curl"))
		native = curl(r, words, &p);
	else if (!strcmp(words[0], "wget"))
		native = wget(r, words, &p);
	else if (!strcmp(words[0], "pg_isready"))
		native = pg_isready(r, words, environment, &p);
	if (native)
		*ret = p;
	return native;
}
