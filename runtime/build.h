/* What a container is made of, prepared and sent: the second half of rt_create(). */
#pragma once

#include "base/err.h"
#include "runtime/container.h"
#include "runtime/engine.h"
#include "runtime/spec.h"

/* The child at the other end of c->socket has waited for this. On return it is about to become
 * spinit, builds its root file system, and will tell rt_start() how that went. */
int rt_build(struct rt_engine *e, struct rt_container *c, const struct rt_spec *spec,
	     struct sp_err *err);
void rt_build_close_layers(struct rt_container *c); /* when there is time; none is fine */
/* The undoing, once spinit is silenced. */
void rt_unbuild(struct rt_container *c);
