/* The kinds of findings, and one finding; see drift.h. */
#include "control/drift/drift.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/drift/impl.h"

static const char *const type_names[] = {
#define X(sym, name) [DRIFT_##sym] = name,
	DRIFT_TYPES(X)
#undef X
};

static const char *const severity_names[] = {
#define X(sym, name) [DRIFT_##sym] = name,
	DRIFT_SEVERITIES(X)
#undef X
};

static const char *const repair_words[] = {
#define X(sym, words) [DRIFT_##sym] = words,
	DRIFT_REPAIRS(X)
#undef X
};

static const struct {
	enum drift_type type;
	enum drift_severity severity;
	enum drift_repair repair;
	const char *part, *impact;
} rules[] = {
#define X(sym, t, s, r, p, i) [DRIFT_RULE_##sym] = { DRIFT_##t, DRIFT_##s, DRIFT_##r, p, i },
	DRIFT_RULES(X)
#undef X
};

enum drift_type drift_type_of(const struct drift_finding *f)
{
	return rules[f->rule].type;
}

enum drift_repair drift_repair_of(const struct drift_finding *f)
{
	return rules[f->rule].repair;
}

const char *drift_part_of(const struct drift_finding *f)
{
	return rules[f->rule].part;
}

bool drift_is_meant(const struct drift_finding *f, const char *resource)
{
	size_t n = strlen(f->resource);

	if (!resource || !strcmp(resource, f->resource))
		return true;
	return !strncmp(resource, f->resource, n) && resource[n] == '/' &&
	       !strcmp(resource + n + 1, f->field);
}

void drift_findings_fini(struct drift_findings *f)
{
	free(f->list);
	*f = (struct drift_findings){ 0 };
}

static bool matches(const char *pattern, const char *text)
{
	return !pattern || fnmatch(pattern, text, 0) == 0;
}

static bool is_ignored(const struct drift_input *in, const struct drift_finding *f)
{
	for (size_t i = 0; i < in->n_ignore; i++)
		if (matches(in->ignore[i].type, type_names[drift_type_of(f)]) &&
		    matches(in->ignore[i].resource, f->resource) &&
		    matches(in->ignore[i].field, f->field))
			return true;
	return false;
}

static int append(struct drift_findings *out, const struct drift_finding *f)
{
	struct drift_finding *list = reallocarray(out->list, out->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	out->list = list;
	list[out->n++] = *f;
	return 0;
}

void drift_add(struct drift_scope *s, enum drift_rule rule, const char *field, const char *expected,
	       const char *actual)
{
	struct drift_finding f = { .rule = rule };

	snprintf(f.node, sizeof(f.node), "%s", s->node->row->name);
	snprintf(f.resource, sizeof(f.resource), "%s", s->resource);
	snprintf(f.field, sizeof(f.field), "%s", field);
	snprintf(f.expected, sizeof(f.expected), "%s", expected);
	snprintf(f.actual, sizeof(f.actual), "%s", actual);
	if (is_ignored(s->in, &f))
		s->out->ignored++;
	else if (!s->error)
		s->error = append(s->out, &f);
}

void drift_expect(struct drift_scope *s, enum drift_rule rule, const char *field,
		  const char *expected, const char *actual)
{
	if (strcmp(expected, actual) != 0)
		drift_add(s, rule, field, expected, actual);
}

static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("none");
}

void drift_expect_members(struct drift_scope *s, enum drift_rule rule, const char *prefix,
			  const json_t *wanted, const json_t *seen)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)wanted, key, value) {
		const json_t *is = json_object_get(seen, key);
		autofree char *field = sp_str_format("%s.%s", prefix, key);
		autofree char *want = NULL, *have = NULL;

		if (json_equal(value, is))
			continue;
		want = value_text(value);
		have = value_text(is);
		if (field && want && have)
			drift_add(s, rule, field, want, have);
		else
			s->error = -ENOMEM;
	}
}

const json_t *drift_at(const json_t *value, const char *path)
{
	while (value && *path) {
		size_t n = strcspn(path, ".");

		value = json_object_getn(value, path, n);
		path += n + (path[n] == '.');
	}
	return value;
}

const char *drift_text(const json_t *value, const char *path)
{
	const char *text = json_string_value(drift_at(value, path));

	return text ? text : "";
}

json_t *drift_finding_json(const struct drift_finding *f, const char *stack)
{
	json_t *fix =
		json_sprintf("ctl drift fix %s --resource '%s/%s'", stack, f->resource, f->field);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "type",
			 type_names[drift_type_of(f)], "severity",
			 severity_names[rules[f->rule].severity], "node", f->node, "resource",
			 f->resource, "field", f->field, "expected", f->expected, "actual",
			 f->actual, "impact", rules[f->rule].impact, "repair",
			 repair_words[drift_repair_of(f)], "fix", fix);
}

json_t *drift_findings_json(const struct drift_findings *f, const char *stack)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < f->n; i++)
		if (json_array_append_new(list, drift_finding_json(&f->list[i], stack)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}
