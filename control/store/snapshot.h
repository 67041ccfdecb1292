/*
 * Snapshots of stacks as rows: which content, of which revision, who made it and why. A content is
 * kept once, under the digest of its text, and sealed, since secrets are in it; a snapshot names
 * it, and so refers to its secrets without having their values. Snapshots outlive their stack.
 *
 * A row and its event are one transaction. Each row has a digest of its own members, and what is
 * read is checked against both digests: what was altered is SP_E_CORRUPT, never used. Only who
 * looks at snapshots is shown it, as damaged.
 */
#pragma once

#include <jansson.h>

#include "base/digest.h"
#include "control/store/store.h"

#define STORE_SNAPSHOT_TEXT_MAX 256 /* bytes of a description, of all tags together */
#define STORE_SNAPSHOT_BY_MAX   160
#define STORE_SNAPSHOT_GATES    "gates" /* every gate of its deploy, or restore, passed */

struct store_snapshot {
	char stack[STORE_NAME_MAX];
	int64_t version;                /* from 1; never given twice */
	char content[SP_DIGEST_MAX];    /* of the text that snapshot_content.h makes */
	int64_t revision;               /* that ran */
	char cause[32];                 /* "request", "deploy", "destroy", "restore", "drift fix" */
	char operation[STORE_NAME_MAX]; /* that made it; "" */
	char creator[160];
	char description[STORE_SNAPSHOT_TEXT_MAX];
	char tags[STORE_SNAPSHOT_TEXT_MAX];      /* by commas; "" */
	int64_t created_at_ns, verified_at_ns;   /* 0: never verified */
	char verified_by[STORE_SNAPSHOT_BY_MAX]; /* STORE_SNAPSHOT_GATES, or who ran ctl verify */
	int64_t size_bytes;                      /* of the content */
	json_t *summary;                         /* what is in it, for people; no secrets */
	bool damaged;                            /* row, or content, is not what was written */
};

void store_snapshot_fini(struct store_snapshot *n);
#define autosnapshot __attribute__((cleanup(store_snapshot_fini)))

struct store_snapshots {
	struct store_snapshot *list; /* newest first */
	size_t n;
};

void store_snapshots_fini(struct store_snapshots *n);
#define autosnapshots __attribute__((cleanup(store_snapshots_fini)))

/* Keep text (whose digest n->content is) and a row for it; fills n->version and created_at_ns. An
 * operation gets one snapshot of one cause only: made before, *n becomes that one. */
int store_snapshot_add(struct store *s, struct store_snapshot *n, const char *text,
		       struct sp_err *err);
int store_snapshot_get(struct store *s, const char *stack, int64_t version,
		       struct store_snapshot *ret, struct sp_err *err);
/* For looking at only: a damaged one too, its content read. */
int store_snapshot_look(struct store *s, const char *stack, int64_t version,
			struct store_snapshot *ret, struct sp_err *err);
/* The same of all; or without their contents, which are damaged only if the row is. */
int store_snapshot_look_all(struct store *s, const char *stack, struct store_snapshots *ret,
			    struct sp_err *err);
int store_snapshot_list(struct store *s, const char *stack, struct store_snapshots *ret,
			struct sp_err *err);
/* The text of its content, checked; on the heap, to be wiped. */
int store_snapshot_text(struct store *s, const struct store_snapshot *n, char **ret,
			struct sp_err *err);

/* An operation brought it back, every gate passed: that verifies it. */
int store_snapshot_restored(struct store *s, const char *stack, int64_t version,
			    const char *operation, struct sp_err *err);
int store_snapshot_tag(struct store *s, const char *stack, int64_t version, const char *tags,
		       struct sp_err *err);
int store_snapshot_remove(struct store *s, const char *stack, int64_t version, const char *why,
			  struct sp_err *err);

/* How long snapshots are kept. */
struct store_snapshot_policy {
	int64_t keep;       /* at most so many of a stack; 0: no bound */
	int64_t max_age_ns; /* 0: no bound */
	int64_t in_use;     /* version that stays in any case; 0: none */
	int64_t made;       /* version that was just written, and so is whole; 0: none */
};

/* What runs as that revision, since the revision was made, was proved from outside. */
int store_snapshot_verified(struct store *s, const char *stack, int64_t revision, const char *by,
			    struct sp_err *err);

/* Remove what is too many or too old, but for what has tags (they do not count), and, of those that
 * are not damaged, the last one that passed its gates and the last that ctl verify proved. Returns
 * how many went. */
int store_snapshot_prune(struct store *s, const char *stack, const struct store_snapshot_policy *p,
			 struct sp_err *err);
