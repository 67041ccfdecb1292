/*
 * What each revision of a stack is made of, and what depends on what: rows that say it without
 * reading the stack file again. They come and go with their revision.
 *
 * A resource is a service, a task or an output. A dependency goes from the stack to another stack,
 * or to an output of one, and from a service or task to another of the same stack.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "control/store/store.h"

struct stack;

#define STORE_DETAIL_MAX 256
#define STORE_KIND_MAX   16

struct store_resource {
	char stack[STORE_NAME_MAX];
	char kind[STORE_KIND_MAX]; /* "service", "task", "output" */
	char name[STORE_NAME_MAX];
	char detail[STORE_DETAIL_MAX]; /* the image; of an output "sensitive" or "" */
};

struct store_dependency {
	char stack[STORE_NAME_MAX];
	char kind[STORE_KIND_MAX]; /* "stack", "service", "task" */
	char name[STORE_NAME_MAX];
	char on_stack[STORE_NAME_MAX];
	char on_kind[STORE_KIND_MAX]; /* "stack", "output", "service", "task" */
	char on_name[STORE_NAME_MAX];
	char detail[STORE_DETAIL_MAX]; /* "service_healthy" */
};

struct store_resources {
	struct store_resource *list;
	size_t n;
	struct store_dependency *dependencies;
	size_t n_dependencies;
};

void store_resources_fini(struct store_resources *r);
#define autoresources __attribute__((cleanup(store_resources_fini)))

/* Write those of a revision that was just added. */
int store_resources_put(struct store *s, const struct stack *stack, int64_t revision,
			struct sp_err *err);
/* Of the current revision of every stack, by stack, kind and name. */
int store_resources_read(struct store *s, struct store_resources *ret, struct sp_err *err);

/* The manifest that a task of that revision runs with, and of all its tasks: {NAME: digest}. */
int store_task_pin(struct store *s, const char *stack, int64_t revision, const char *task,
		   const char *digest, struct sp_err *err);
int store_task_pins(struct store *s, const char *stack, int64_t revision, json_t **ret,
		    struct sp_err *err);

/* 1: that stack will require this one, when the deploy of it that runs comes to its end. */
int store_resources_coming(struct store *s, const char *stack, char ret_by[STORE_NAME_MAX],
			   struct sp_err *err);

/* How long the last successful operations of a kind took on a stack: the median of at most the last
 * nine; 0 when there was none. */
int store_operation_takes(struct store *s, const char *stack, const char *kind, int64_t *ret_ns,
			  struct sp_err *err);
