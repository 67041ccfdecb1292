/* `${}` interpolation; see interpolate.h. */
#include "stackfile/interpolate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct scan {
	const char *text; /* the whole string, for offsets */
	const struct interpolate_vars *vars;
	struct interpolate_problem *problem;
	unsigned depth;
};

/* A part of the text. */
struct span {
	const char *at, *end;
};

static enum interpolate_result expand(struct scan *s, struct span part, struct sp_buf *out);

static bool name_byte(char c, bool first)
{
	return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

static size_t name_length(struct span part)
{
	size_t n = 0;

	while (part.at + n < part.end && name_byte(part.at[n], n == 0))
		n++;
	return n;
}

static enum interpolate_result problem_at(struct scan *s, const char *at,
					  enum interpolate_result what)
{
	s->problem->offset = (size_t)(at - s->text);
	return what;
}

/* The '}' that closes the '{' at part.at; every brace between counts, as Compose has it. */
static const char *closing(struct span part)
{
	unsigned open = 0;

	for (const char *c = part.at; c < part.end; c++) {
		if (*c == '{')
			open++;
		else if (*c == '}' && --open == 0)
			return c;
	}
	return NULL;
}

static void put_value(struct scan *s, const char *value, struct sp_buf *out)
{
	for (; *value; value++) {
		if (*value == '$' && s->vars->keep_references)
			sp_buf_putc(out, '$');
		sp_buf_putc(out, *value);
	}
}

static bool is_reference(const struct scan *s, struct span inner)
{
	size_t n = strlen(INTERPOLATE_REFERENCE);

	return s->vars->keep_references && (size_t)(inner.end - inner.at) > n &&
	       !memcmp(inner.at, INTERPOLATE_REFERENCE, n);
}

static enum interpolate_result required(struct scan *s, const char *dollar, struct span word)
{
	autobuf struct sp_buf message = { 0 };
	char name[INTERPOLATE_NAME_MAX];
	enum interpolate_result r;

	memcpy(name, s->problem->name, sizeof(name));
	r = expand(s, word, &message);
	if (r != INTERPOLATE_OK)
		return r;
	memcpy(s->problem->name, name, sizeof(name)); /* the word may have named others */
	snprintf(s->problem->message, sizeof(s->problem->message), "%s",
		 message.data ? message.data : "");
	return problem_at(s, dollar, INTERPOLATE_REQUIRED);
}

/* What stands after the name in ${...}: an operator and its word, or nothing. */
static enum interpolate_result apply(struct scan *s, const char *dollar, struct span rest,
				     struct sp_buf *out)
{
	const char *name = s->problem->name, *value = s->vars->lookup(s->vars->state, name);
	bool colon = rest.at < rest.end && *rest.at == ':';
	bool present = value && (!colon || *value);
	char op;

	if (rest.at == rest.end) {
		if (!value && s->vars->unset)
			s->vars->unset(s->vars->state, name, (size_t)(dollar - s->text));
		put_value(s, value ? value : "", out);
		return INTERPOLATE_OK;
	}
	rest.at += colon;
	op = rest.at < rest.end ? *rest.at++ : '\0';
	if (!op || !strchr("-?+", op))
		return problem_at(s, dollar, INTERPOLATE_SYNTAX);
	if (op == '+')
		return present ? expand(s, rest, out) : INTERPOLATE_OK;
	if (present)
		put_value(s, value, out);
	else if (op == '-')
		return expand(s, rest, out);
	else
		return required(s, dollar, rest);
	return INTERPOLATE_OK;
}

/* The variable at a dollar sign; *ret_next is the first byte after it. */
static enum interpolate_result variable(struct scan *s, struct span part, struct sp_buf *out,
					const char **ret_next)
{
	struct span inner = { part.at + 1, part.end };
	bool braced = inner.at < inner.end && *inner.at == '{';
	const char *close = braced ? closing(inner) : NULL;
	size_t n;

	if (braced)
		inner = (struct span){ inner.at + 1, close };
	if (braced && close && is_reference(s, inner)) {
		*ret_next = close + 1;
		sp_buf_append(out, part.at, (size_t)(*ret_next - part.at));
		return INTERPOLATE_OK;
	}
	n = braced && !close ? 0 : name_length(inner);
	if (!n)
		return problem_at(s, part.at, INTERPOLATE_SYNTAX);
	if (n >= INTERPOLATE_NAME_MAX)
		return problem_at(s, part.at, INTERPOLATE_LIMIT);
	memcpy(s->problem->name, inner.at, n);
	s->problem->name[n] = '\0';
	inner.at += n;
	*ret_next = braced ? close + 1 : inner.at;
	if (!braced)
		inner.end = inner.at;
	return apply(s, part.at, inner, out);
}

static enum interpolate_result expand(struct scan *s, struct span part, struct sp_buf *out)
{
	enum interpolate_result r = INTERPOLATE_OK;

	if (s->depth >= INTERPOLATE_DEPTH_MAX)
		return problem_at(s, part.at, INTERPOLATE_LIMIT);
	s->depth++;
	while (r == INTERPOLATE_OK && part.at < part.end) {
		const char *dollar = memchr(part.at, '$', (size_t)(part.end - part.at));

		sp_buf_append(out, part.at, (size_t)((dollar ? dollar : part.end) - part.at));
		part.at = dollar;
		if (!dollar)
			break;
		if (dollar + 1 < part.end && dollar[1] == '$') {
			sp_buf_puts(out, s->vars->keep_references ? "$$" : "$");
			part.at += 2;
		} else {
			r = variable(s, part, out, &part.at);
		}
	}
	s->depth--;
	return r;
}

enum interpolate_result interpolate(const char *text, const struct interpolate_vars *vars,
				    struct sp_buf *out, struct interpolate_problem *ret)
{
	struct scan s = { .text = text, .vars = vars, .problem = ret };

	*ret = (struct interpolate_problem){ 0 };
	return expand(&s, (struct span){ text, text + strlen(text) }, out);
}
