/* Image configs, read and written; see config.h. */
#include "images/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "images/index.h"

static char *copied(struct sp_json_reader *r, const char *s)
{
	char *copy = sp_str_empty(s) || r->error ? NULL : strdup(s);

	if (!copy && !sp_str_empty(s) && !r->error)
		r->error = sp_fail_nomem(r->err);
	return copy;
}

/* The keys of an object whose values say nothing, as OCI writes a set. */
static char **decode_set(struct sp_json_reader *r, const char *key)
{
	json_t *set = sp_json_object(r, key), *v;
	char **list = set ? calloc(1, sizeof(*list)) : NULL;
	const char *name;

	if (set && !list)
		r->error = sp_fail_nomem(r->err);
	json_object_foreach (set, name, v)
		if (!r->error && sp_strv_push(&list, name) < 0)
			r->error = sp_fail_nomem(r->err);
	return list;
}

static void check_run(struct sp_json_reader *r, const struct img_config *c)
{
	if (c->working_dir && *c->working_dir != '/')
		sp_json_refuse(r, "WorkingDir", "'%.100s' is not absolute", c->working_dir);
	for (char **e = c->env; e && *e; e++)
		if (!strchr(*e, '=') || **e == '=')
			sp_json_refuse(r, "Env", "'%.100s' is not NAME=value", *e);
	for (char **v = c->volumes; v && *v; v++)
		if (**v != '/')
			sp_json_refuse(r, "Volumes", "'%.100s' is not absolute", *v);
}

/* What to run: the same members in a config blob and in the options of a root filesystem. */
static void decode_run(struct sp_json_reader *r, struct img_config *c)
{
	c->entrypoint = sp_json_strv(r, "Entrypoint");
	c->cmd = sp_json_strv(r, "Cmd");
	c->env = sp_json_strv(r, "Env");
	c->user = copied(r, sp_json_str(r, "User", NULL));
	c->working_dir = copied(r, sp_json_str(r, "WorkingDir", NULL));
	c->stop_signal = copied(r, sp_json_str(r, "StopSignal", NULL));
	c->volumes = decode_set(r, "Volumes");
	c->exposed_ports = decode_set(r, "ExposedPorts");
	if (!r->error)
		check_run(r, c);
}

static int decode_diff_ids(json_t *rootfs, struct img_config *c, struct sp_err *err)
{
	struct sp_json_reader r;
	json_t *list, *item;
	size_t i;

	sp_json_open(&r, rootfs, "config.rootfs", err);
	list = sp_json_array(&r, "diff_ids");
	if (!r.error && (!json_array_size(list) || json_array_size(list) > IMG_LAYERS_MAX))
		sp_json_refuse(&r, "diff_ids", "has %zu layers; 1 to %d are supported",
			       json_array_size(list), IMG_LAYERS_MAX);
	if (r.error)
		return r.error;
	c->diff_ids = calloc(json_array_size(list), sizeof(*c->diff_ids));
	if (!c->diff_ids)
		return sp_fail_nomem(err);
	json_array_foreach (list, i, item) {
		const char *s = json_string_value(item);

		if (!sp_digest_valid(s))
			return sp_fail(err, SP_E_INVALID,
				       "config.rootfs.diff_ids[%zu]: not a sha256 digest", i);
		snprintf(c->diff_ids[i], SP_DIGEST_MAX, "%s", s);
		c->n_diff_ids = i + 1;
	}
	return 0;
}

static void check_platform(struct sp_json_reader *r, const struct img_config *c)
{
	if (!r->error && !sp_str_eq(c->os, IMG_OS))
		sp_json_refuse(r, "os", "'%s' is not %s", c->os ? c->os : "", IMG_OS);
	if (!r->error && !sp_str_eq(c->architecture, IMG_ARCHITECTURE))
		sp_json_refuse(r, "architecture", "'%s' is not %s",
			       c->architecture ? c->architecture : "", IMG_ARCHITECTURE);
}

static int decode(json_t *doc, struct img_config *c, struct sp_err *err)
{
	struct sp_json_reader r, run;
	json_t *run_object, *rootfs;

	sp_json_open(&r, doc, "config", err);
	c->os = copied(&r, sp_json_str(&r, "os", NULL));
	c->architecture = copied(&r, sp_json_str(&r, "architecture", NULL));
	check_platform(&r, c);
	run_object = sp_json_object(&r, "config");
	rootfs = sp_json_object(&r, "rootfs");
	if (r.error)
		return r.error;
	if (run_object) {
		sp_json_open(&run, run_object, "config.config", err);
		decode_run(&run, c);
		if (run.error)
			return run.error;
	}
	return decode_diff_ids(rootfs, c, err);
}

int img_config_parse(const char *text, size_t len, struct img_config *ret, struct sp_err *err)
{
	struct img_config c = { 0 };
	autojson json_t *doc = NULL;
	int r = sp_json_parse(text, len, &doc, err);

	if (r < 0)
		return sp_err_prefix(err, "config"), r;
	r = decode(doc, &c, err);
	if (r < 0) {
		img_config_fini(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void img_config_fini(struct img_config *c)
{
	sp_strv_free(c->entrypoint);
	sp_strv_free(c->cmd);
	sp_strv_free(c->env);
	sp_strv_free(c->volumes);
	sp_strv_free(c->exposed_ports);
	free(c->user);
	free(c->working_dir);
	free(c->stop_signal);
	free(c->architecture);
	free(c->os);
	free(c->diff_ids);
	*c = (struct img_config){ 0 };
}

/* The options pass the same checks as a config blob, and hold nothing else. */
static int check_options(json_t *options, struct sp_err *err)
{
	struct img_config c = { 0 };
	struct sp_json_reader r;
	int e;

	sp_json_open(&r, options, "options", err);
	decode_run(&r, &c);
	sp_json_object(&r, "Labels");
	e = sp_json_done(&r);
	img_config_fini(&c);
	return e;
}

int img_config_format(json_t *options, const char (*diff_ids)[SP_DIGEST_MAX], size_t n_diff_ids,
		      struct sp_buf *out, struct sp_err *err)
{
	autojson json_t *doc = NULL;
	autofree char *text = NULL;
	json_t *list;
	int r = options ? check_options(options, err) : 0;

	if (r < 0)
		return r;
	list = json_array();
	for (size_t i = 0; i < n_diff_ids; i++)
		json_array_append_new(list, json_string(diff_ids[i]));
	doc = json_pack("{s:s, s:s, s:o, s:{s:s, s:o}}", "architecture", IMG_ARCHITECTURE, "os",
			IMG_OS, "config", options ? json_incref(options) : json_object(), "rootfs",
			"type", "layers", "diff_ids", list);
	text = doc && json_array_size(list) == n_diff_ids ? sp_json_canonical(doc) : NULL;
	if (!text)
		return sp_fail_nomem(err);
	sp_buf_puts(out, text);
	return sp_buf_check(out, err);
}
