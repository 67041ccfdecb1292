/* The document: the top level of a stack file. */
#pragma once

#include "stackfile/reader.h"

/* Fill in r->stack from the root of the tree. */
void document_read(const struct value *root);
