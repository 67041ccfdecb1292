/* Plans: what a deploy would do, asked of controld, kept in files, and shown to people. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "ctl/ctl.h"

/* The plan of deploying the file that the command line names first (docs/api.md, "Plan"). */
int ctl_plan_make(struct ctl *ctl, const struct ctl_args *args, json_t **ret,
		  struct wire_failure *fail);
/* Show it as -o says; an exit code: CTL_EXIT_CHANGES when there is something to do. */
int ctl_plan_show(const struct ctl_args *args, const json_t *plan, struct wire_failure *fail);

int ctl_plan_write(const json_t *plan, const char *path, struct wire_failure *fail);
/* What a deploy sends of a saved plan; refuses what is no plan. */
int ctl_plan_read(const char *path, json_t **ret, struct wire_failure *fail);

/* A plan for people: a line each resource, a line each field below it, aligned. */
void ctl_plan_print(const json_t *plan, bool wide, struct sp_buf *out);

/* Fields of one workload, as "path  before -> after" lines; whole: digests are not cut. */
struct ctl_changes_style {
	bool colours, whole;
};
void ctl_changes_put(const json_t *changes, const struct ctl_changes_style *style,
		     struct sp_buf *out);
/* {"id", "sign", "changes"} each, with its fields below it. */
void ctl_differing_put(const json_t *list, const struct ctl_changes_style *style,
		       struct sp_buf *out);
/* Members of a plan that are such lists: what its file says besides what it runs. NULL ends. */
extern const char *const ctl_plan_said[];
/* "+", "~" or "-" in its colour. */
void ctl_sign_put(const char *sign, bool colours, struct sp_buf *out);
/* Spaces up to a column. */
void ctl_pad(struct sp_buf *out, size_t from, size_t to);
