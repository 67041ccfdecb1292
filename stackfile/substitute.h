/* Interpolation of a whole document: the values, never the keys. */
#pragma once

#include "stackfile/reader.h"

/* Replace the text of every scalar below root; problems go to the report at their own column. */
void substitute(const struct value *root);
