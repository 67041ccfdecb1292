/* Checks as they are made; see validation.h. */
#include "control/validate/validation.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"

#define MESSAGE_MAX 480

static const char *const names[] = {
#define X(sym, name) [VALIDATION_##sym] = name,
	VALIDATION_VERDICTS(X)
#undef X
};

void validation_fini(struct validation *v)
{
	json_decref(v->checks);
	*v = (struct validation){ 0 };
}

static size_t n_checks(const struct validation *v)
{
	return json_array_size(v->checks);
}

void validation_begin(struct validation *v, const char *area)
{
	if (!v->checks)
		v->checks = json_array();
	v->no_memory |= !v->checks;
	v->area = area;
	v->area_from = n_checks(v);
}

/* Format; a message that is cut never ends within a character, which JSON could not hold. */
static void format(char *message, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void format(char *message, const char *fmt, va_list ap)
{
	size_t n;

	if (vsnprintf(message, MESSAGE_MAX, fmt, ap) < MESSAGE_MAX)
		return;
	n = MESSAGE_MAX - 1;
	while (n && ((unsigned char)message[n - 1] & 0xC0) == 0x80)
		n--;
	message[n && (unsigned char)message[n - 1] >= 0xC0 ? n - 1 : n] = '\0';
}

static void add(struct validation *v, enum validation_verdict verdict,
		const struct validation_at *at, const char *message)
{
	json_t *check = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "area", v->area,
				  "verdict", names[verdict], "message", message, "file", at->file,
				  "node", at->node, "resource", at->resource, "next", at->next);

	if (check && at->line) {
		json_object_set_new(check, "line", json_integer(at->line));
		json_object_set_new(check, "column", json_integer(at->column));
	}
	v->counts[verdict]++;
	if (!check || json_array_append_new(v->checks, check) < 0)
		v->no_memory = true;
}

void validation_add(struct validation *v, enum validation_verdict verdict,
		    const struct validation_at *at, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(message, fmt, ap);
	va_end(ap);
	add(v, verdict, at, message);
}

void validation_end(struct validation *v, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list ap;

	if (n_checks(v) != v->area_from)
		return;
	va_start(ap, fmt);
	format(message, fmt, ap);
	va_end(ap);
	add(v, VALIDATION_PASS, &(struct validation_at){ 0 }, message);
}

bool validation_ok(const struct validation *v)
{
	return !v->counts[VALIDATION_FAIL] && !v->no_memory;
}

int validation_view(const struct validation *v, const char *stack, int64_t took_ns, json_t **ret,
		    struct sp_err *err)
{
	*ret = v->no_memory ? NULL
			    : json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:O}", "stack", stack,
					"ok", validation_ok(v), "passed",
					(json_int_t)v->counts[VALIDATION_PASS], "warned",
					(json_int_t)v->counts[VALIDATION_WARN], "failed",
					(json_int_t)v->counts[VALIDATION_FAIL], "skipped",
					(json_int_t)v->counts[VALIDATION_SKIP], "took_ns", took_ns,
					"checks", v->checks);
	return *ret ? 0 : sp_fail_nomem(err);
}

int validation_result(const struct validation *v, struct sp_err *err)
{
	const json_t *one;
	char more[32] = "";
	size_t i;

	if (v->no_memory)
		return sp_fail_nomem(err);
	if (v->counts[VALIDATION_FAIL] > 1)
		snprintf(more, sizeof(more), ", and %zu more", v->counts[VALIDATION_FAIL] - 1);
	json_array_foreach (v->checks, i, one) {
		const char *node = json_string_value(json_object_get(one, "node"));

		if (!sp_str_eq(json_string_value(json_object_get(one, "verdict")),
			       names[VALIDATION_FAIL]))
			continue;
		sp_fail(err, SP_E_INVALID, "%s: %s%s%s%s",
			json_string_value(json_object_get(one, "area")), node ? node : "",
			node ? ": " : "", json_string_value(json_object_get(one, "message")), more);
		sp_err_at(err, SP_STAGE_VALIDATE);
		return sp_err_return(err);
	}
	return 0;
}
