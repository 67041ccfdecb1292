/* Failures with their address, in and out of JSON. Reading is lenient: a failure that is told badly
 * is still better told than dropped. */
#include "wire/failure.h"

#include <stdio.h>

static void copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from ? from : "");
}

void wire_failure_init(struct wire_failure *f, const struct sp_err *err, const char *component)
{
	*f = (struct wire_failure){ .err = *err };
	copy(f->component, sizeof(f->component), component);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint32_t count_of(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
}

void wire_failure_decode(const json_t *error, struct wire_failure *ret)
{
	const char *code = text_of(error, "code"), *stage = text_of(error, "stage");
	int number = code ? sp_err_code_parse(code) : -1;
	int place = stage ? sp_stage_parse(stage) : -1;

	*ret = (struct wire_failure){ 0 };
	ret->err.code = number > 0 ? number : SP_E_INTERNAL;
	ret->err.stage = place > 0 ? place : SP_STAGE_NONE;
	copy(ret->err.message, sizeof(ret->err.message), text_of(error, "message"));
	copy(ret->component, sizeof(ret->component), text_of(error, "component"));
	copy(ret->node, sizeof(ret->node), text_of(error, "node"));
	copy(ret->resource, sizeof(ret->resource), text_of(error, "resource"));
	copy(ret->step, sizeof(ret->step), text_of(error, "step"));
	ret->attempt = count_of(error, "attempt");
	ret->attempts = count_of(error, "attempts");
	copy(ret->evidence, sizeof(ret->evidence), text_of(error, "evidence"));
	copy(ret->next, sizeof(ret->next), text_of(error, "next"));
}

/* Text of a workload or of a file system may not be UTF-8, which is all that JSON carries: then
 * what is not ASCII shows as '?'. */
static json_t *text_json(const char *s)
{
	char text[WIRE_EVIDENCE_MAX];
	json_t *j = json_string(s);

	if (j)
		return j;
	copy(text, sizeof(text), s);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(text);
}

static int put_text(json_t *object, const char *key, const char *s)
{
	return *s ? json_object_set_new(object, key, text_json(s)) : 0;
}

static int put_count(json_t *object, const char *key, uint32_t n)
{
	return n ? json_object_set_new(object, key, json_integer(n)) : 0;
}

json_t *wire_failure_encode(const struct wire_failure *f)
{
	json_t *o = json_pack("{s:s, s:s, s:o, s:b}", "code", sp_err_code_name(f->err.code),
			      "stage", sp_stage_name(f->err.stage), "message",
			      text_json(f->err.message), "retryable", sp_err_retryable(&f->err));
	int r = 0;

	if (!o)
		return NULL;
	r |= put_text(o, "component", f->component);
	r |= put_text(o, "node", f->node);
	r |= put_text(o, "resource", f->resource);
	r |= put_text(o, "step", f->step);
	r |= put_count(o, "attempt", f->attempt);
	r |= put_count(o, "attempts", f->attempts);
	r |= put_text(o, "evidence", f->evidence);
	r |= put_text(o, "next", f->next);
	if (r) {
		json_decref(o);
		return NULL;
	}
	return o;
}
