/* The reference of the stack file's keys, made from the tables the reader itself uses. */
#pragma once

#include "base/buf.h"

/* Markdown: a heading and a table for every map of the file, as docs/stack-file.md holds it. */
void stack_reference_markdown(struct sp_buf *out);
/* The man page stackpilot-stack(5), in man(7) macros. */
void stack_reference_man(struct sp_buf *out);
