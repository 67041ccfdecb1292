/* `x-stackpilot.policy`. */
#pragma once

#include "stackfile/reader.h"

/* The policy of a file that says nothing. */
void policy_init(struct stack_policy *p);
void read_policy(const struct value *v, void *policy);
