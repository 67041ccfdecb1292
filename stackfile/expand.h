/* From the model to what agents understand: the workload spec of one replica of a service. */
#pragma once

#include "stackfile/stack.h"
#include "wire/workload.h"

/*
 * The spec of replica (from 1), on the heap for wire_workload_free(). The caller still has to give
 * it what only placement knows: address, image_digest, and the stack's own names in hosts, which
 * holds the service's extra_hosts here. Its id is "<stack>-<service>-<replica>".
 */
int stack_expand(const struct stack *s, const struct stack_service *service, uint32_t replica,
		 struct wire_workload **ret, struct sp_err *err);
