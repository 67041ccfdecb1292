/* The look for drift that a deploy ends with (policy detect_drift). */
#pragma once

#include "control/operation/operation.h"

/*
 * A step "drift-check" of an operation whose revision is the current one. What it finds is kept as
 * the last detection and becomes the operation's warning "drift"; it fails nothing, and neither
 * does a node that does not answer.
 */
void drift_check(struct operation *o);
