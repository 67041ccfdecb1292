/* Pictures of DOT text, by libgraphviz. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/*
 * Lay dot out and append it as format ("svg" or "png"). The library is opened when it is needed, so
 * that no other command pays for it; SP_E_UNSUPPORTED where it, or its plugin for the format, is
 * not installed.
 */
int ctl_render(const char *dot, const char *format, struct sp_buf *out, struct sp_err *err);
