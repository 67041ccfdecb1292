/* The stack file of a revision that was deployed, read again: its policy and rules. */
#pragma once

#include "control/store/stack.h"
#include "stackfile/bundle.h"
#include "stackfile/stack.h"

struct revision {
	struct stack_bundle *bundle;
	struct stack *stack;
};

int revision_read(struct store *s, const char *stack, int64_t number, struct revision *ret,
		  struct sp_err *err);
void revision_fini(struct revision *r); /* safe on a zeroed one */
#define autorevision __attribute__((cleanup(revision_fini)))
