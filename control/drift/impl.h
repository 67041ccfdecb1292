/* The parts of the comparison; private to drift*.c. */
#pragma once

#include "control/drift/drift.h"
#include "wire/workload.h"

/* What is being compared. */
struct drift_scope {
	const struct drift_input *in;
	const struct drift_node *node;
	const struct wire_workload *spec; /* NULL: the node itself */
	const json_t *seen;               /* the workload's, or the node's, part of the reply */
	const char *resource;
	struct drift_findings *out;
	int error; /* the first; 0: none */
};

/* The member at a path of names parted by dots, or NULL; and its text, "" for none. */
const json_t *drift_at(const json_t *value, const char *path);
const char *drift_text(const json_t *value, const char *path);

/* Add a finding, unless the stack ignores it. */
void drift_add(struct drift_scope *s, enum drift_rule rule, const char *field, const char *expected,
	       const char *actual);
/* The same where the texts differ. */
void drift_expect(struct drift_scope *s, enum drift_rule rule, const char *field,
		  const char *expected, const char *actual);
/* Every member of `wanted` (an object of values) against that of `seen`, as field "prefix.KEY". */
void drift_expect_members(struct drift_scope *s, enum drift_rule rule, const char *prefix,
			  const json_t *wanted, const json_t *seen);

void drift_workload(struct drift_scope *s); /* workload.c: whole, by the parts below */
void drift_process(struct drift_scope *s);  /* process.c */
void drift_mounts(struct drift_scope *s);   /* mounts.c */
void drift_link(struct drift_scope *s);     /* network.c */
void drift_hosts(struct drift_scope *s);    /* hosts.c */
void drift_node(struct drift_scope *s);     /* node.c */
void drift_ports(struct drift_scope *s);    /* the same */
void drift_extra(struct drift_scope *s);    /* extra.c */
