/* The command line; see args.h. */
#include "ctl/args.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "ctl/commands.h"
#include "ctl/flag.h"

void ctl_args_fini(struct ctl_args *a)
{
	free(a->positional);
	*a = (struct ctl_args){ 0 };
}

/* Words and how far they are read. */
struct cursor {
	char *const *words;
	size_t n, at;
};

static int refuse(struct sp_err *err, const struct ctl_args *a, const char *what, const char *word,
		  const char *hint)
{
	int r = sp_fail(err, SP_E_INVALID, "%s%s%s '%s'%s%s%s", a->command ? a->command->name : "",
			a->command ? ": " : "", what, word, hint ? "; did you mean '" : "",
			hint ? hint : "", hint ? "'?" : "");

	sp_err_at(err, SP_STAGE_CLIENT);
	return r;
}

static int unknown_flag(const struct ctl_args *a, const char *word, struct sp_err *err)
{
	char dashed[64];
	const char *near = ctl_flag_nearest(a->command, word);

	if (near)
		snprintf(dashed, sizeof(dashed), "--%s", near);
	return refuse(err, a, "unknown flag", word, near ? dashed : NULL);
}

static int give(struct ctl_args *a, const struct ctl_flag *flag, const char *value,
		struct sp_err *err)
{
	int r;

	if (a->n_given == CTL_GIVEN_MAX)
		return refuse(err, a, "too many flags at", flag->name, NULL);
	for (size_t i = 0; i < a->n_given && !flag->repeat; i++)
		if (a->given[i].flag == flag && flag->type != CTL_BOOL)
			return refuse(err, a, "given twice: flag", flag->name, NULL);
	r = value ? ctl_flag_check(flag, value, err) : 0;
	if (r < 0)
		return r;
	a->given[a->n_given++] = (struct ctl_given){ .flag = flag, .value = value };
	return 0;
}

/* The value is what follows in the same word (inline_value), or the next word. */
static int take_value(struct ctl_args *a, struct cursor *c, const struct ctl_flag *flag,
		      const char *inline_value, struct sp_err *err)
{
	if (!inline_value && c->at == c->n)
		return refuse(err, a, "no value for flag", flag->name, NULL);
	return give(a, flag, inline_value ? inline_value : c->words[c->at++], err);
}

static int parse_long(struct ctl_args *a, struct cursor *c, const char *word, struct sp_err *err)
{
	const char *equal = strchr(word, '=');
	size_t len = equal ? (size_t)(equal - word) : strlen(word);
	const struct ctl_flag *flag = ctl_flag_by_name(a->command, word + 2, len - 2);

	if (!flag)
		return unknown_flag(a, word, err);
	if (flag->type != CTL_BOOL && (equal || !flag->optional))
		return take_value(a, c, flag, equal ? equal + 1 : NULL, err);
	if (equal)
		return refuse(err, a, "flag takes no value:", word, NULL);
	return give(a, flag, NULL, err);
}

static int parse_letters(struct ctl_args *a, struct cursor *c, const char *word, struct sp_err *err)
{
	for (const char *p = word + 1; *p; p++) {
		const struct ctl_flag *flag = ctl_flag_by_letter(a->command, *p);
		int r;

		if (!flag)
			return unknown_flag(a, word, err);
		if (flag->type != CTL_BOOL)
			return take_value(a, c, flag, p[1] ? p + 1 : NULL, err);
		r = give(a, flag, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_flag(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int parse_flag(struct ctl_args *a, struct cursor *c, struct sp_err *err)
{
	const char *word = c->words[c->at++];

	return word[1] == '-' ? parse_long(a, c, word, err) : parse_letters(a, c, word, err);
}

int ctl_args_leading(struct ctl_args *a, char *const *words, size_t n, struct sp_err *err)
{
	struct cursor c = { .words = words, .n = n };

	while (c.at < n && is_flag(words[c.at])) {
		int r = parse_flag(a, &c, err);

		if (r < 0)
			return r;
	}
	return (int)c.at;
}

int ctl_args_parse(struct ctl_args *a, const struct ctl_command *command, char *const *words,
		   size_t n, struct sp_err *err)
{
	struct cursor c = { .words = words, .n = n };
	bool only_positional = false;

	a->command = command;
	a->positional = calloc(n + 1, sizeof(*a->positional));
	if (!a->positional)
		return sp_fail_nomem(err);
	while (c.at < n) {
		char *word = words[c.at];
		int r = 0;

		if (!only_positional && !strcmp(word, "--")) {
			only_positional = true;
			c.at++;
		} else if (!only_positional && is_flag(word)) {
			r = parse_flag(a, &c, err);
		} else {
			a->positional[a->n_positional++] = word;
			only_positional |= command->rest && a->n_positional > 1;
			c.at++;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int ctl_args_check(const struct ctl_args *a, struct sp_err *err)
{
	const struct ctl_command *c = a->command;
	int r = 0;

	if (a->n_positional < c->args_min)
		r = sp_fail(err, SP_E_INVALID, "%s needs %s", c->name, c->args);
	else if (a->n_positional > c->args_max)
		r = sp_fail(err, SP_E_INVALID, "%s: unexpected argument '%s'", c->name,
			    a->positional[c->args_max]);
	if (r < 0)
		sp_err_at(err, SP_STAGE_CLIENT);
	return r;
}

static bool named_by(const struct ctl_command *c, const char *words, size_t len)
{
	return strlen(c->name) == len && !strncmp(c->name, words, len);
}

/* "node needs one of: ls, show", "node has no 'lst', only: ls, show"; 0 when word is no group. */
static int refuse_group(const char *word, const char *second, struct sp_err *err)
{
	autobuf struct sp_buf list = SP_BUF_INIT;
	size_t len = strlen(word);

	for (size_t i = 0; ctl_commands[i]; i++)
		if (!strncmp(ctl_commands[i]->name, word, len) && ctl_commands[i]->name[len] == ' ')
			sp_buf_printf(&list, "%s%s", list.len ? ", " : "",
				      ctl_commands[i]->name + len + 1);
	if (!list.len)
		return 0;
	if (!second || is_flag(second))
		return sp_fail(err, SP_E_INVALID, "%s needs one of: %s", word, list.data);
	return sp_fail(err, SP_E_INVALID, "%s has no '%s', only: %s", word, second, list.data);
}

static const char *nearest_command(const char *typed)
{
	const char *names[128];
	size_t n = 0;

	for (size_t i = 0; ctl_commands[i] && n < SP_COUNT(names) - 1; i++)
		names[n++] = ctl_commands[i]->name;
	names[n] = NULL;
	return sp_str_nearest(typed, names);
}

const struct ctl_command *ctl_command_find(char *const *words, size_t n, size_t *ret_words,
					   struct sp_err *err)
{
	static const struct ctl_args none;
	char typed[128];

	snprintf(typed, sizeof(typed), "%s %s", words[0], n > 1 ? words[1] : "");
	for (size_t len = n > 1 ? 2 : 1; len; len--) {
		size_t upto = len == 2 ? strlen(typed) : strlen(words[0]);

		for (size_t i = 0; ctl_commands[i]; i++) {
			if (!named_by(ctl_commands[i], typed, upto))
				continue;
			*ret_words = len;
			return ctl_commands[i];
		}
	}
	if (refuse_group(words[0], n > 1 ? words[1] : NULL, err) < 0)
		return NULL;
	refuse(err, &none, "unknown command", words[0], nearest_command(words[0]));
	return NULL;
}

static const struct ctl_given *last_given(const struct ctl_args *a, const char *name)
{
	assert(ctl_flag_by_name(a->command, name, strlen(name)));
	for (size_t i = a->n_given; i; i--)
		if (!strcmp(a->given[i - 1].flag->name, name))
			return &a->given[i - 1];
	return NULL;
}

bool ctl_flag_on(const struct ctl_args *a, const char *name)
{
	return last_given(a, name);
}

const char *ctl_flag_str(const struct ctl_args *a, const char *name)
{
	const struct ctl_given *g = last_given(a, name);

	return g ? g->value : NULL;
}

int64_t ctl_flag_int(const struct ctl_args *a, const char *name, int64_t fallback)
{
	const struct ctl_given *g = last_given(a, name);

	return g && g->value ? ctl_flag_number(g->flag, g->value) : fallback;
}

const char *ctl_flag_nth(const struct ctl_args *a, const char *name, size_t i)
{
	assert(ctl_flag_by_name(a->command, name, strlen(name)));
	for (size_t k = 0; k < a->n_given; k++)
		if (!strcmp(a->given[k].flag->name, name) && !i--)
			return a->given[k].value;
	return NULL;
}
