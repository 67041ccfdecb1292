/* What a bundle asks for: its stack, and one workload spec for each replica, not yet placed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "control/store/stack.h"
#include "stackfile/bundle.h"
#include "stackfile/stack.h"
#include "wire/workload.h"

#define DESIRED_MAX 10000 /* workloads of one stack */

struct img_store;

struct desired_workload {
	struct wire_workload *spec;
	size_t service; /* index into stack->services */
	int64_t position;
	enum store_gate gate;
	char template[SP_DIGEST_MAX]; /* of spec as it is before placement */
};

struct desired {
	struct stack_bundle *bundle;
	struct stack *stack;
	struct desired_workload *list; /* in start order */
	size_t n;
};

/* Read the bundle (JSON text). The stack file's problems are SP_E_INVALID, stage validate. */
int desired_read(const char *bundle, struct desired *ret, struct sp_err *err);
/* Pin each image that is there to the manifest the cluster has; others stay as they are read. */
int desired_pin_present(struct desired *d, struct img_store *images, struct sp_err *err);
/* One spec alone, and the digest of what it is then; was: the manifest it had in a snapshot, or
 * NULL. */
int desired_pin_spec(struct wire_workload *spec, struct img_store *images, const char *was,
		     char ret_template[SP_DIGEST_MAX], struct sp_err *err);
/* Pin each image, to the manifest that each workload had in a snapshot (was: see
 * snapshot/snapshot.h), or else to the one the cluster has; *ret_service names the one that lacks
 * its image. */
int desired_pin_as(struct desired *d, struct img_store *images, const json_t *was,
		   const char **ret_service, struct sp_err *err);
void desired_fini(struct desired *d);
