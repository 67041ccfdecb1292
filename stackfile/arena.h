/*
 * Memory of one stack: small pieces that live and die together. Wiped when freed, since secrets are
 * among them. It remembers that memory (or its limit) ran out, so builders allocate freely and
 * stack_read() asks once at the end.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define STACK_ARENA_MAX (64 * 1024 * 1024) /* bytes one stack may take */

struct stack_arena;

struct stack_arena *stack_arena_new(void);    /* NULL when out of memory */
void stack_arena_free(struct stack_arena *a); /* takes NULL */

/* Zeroed; NULL when memory or the limit has run out, from then on always. */
void *stack_arena_zalloc(struct stack_arena *a, size_t size);
char *stack_arena_copy(struct stack_arena *a, const char *data, size_t len); /* NUL-terminated */
char *stack_arena_dup(struct stack_arena *a, const char *s);
char *stack_arena_format(struct stack_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Room for one more element of size bytes at the end of a list of n, which grows by doubling; the
 * new element is zeroed. *list moves. NULL as above, and then the list is as before.
 */
void *stack_arena_push(struct stack_arena *a, void *list, size_t *n, size_t size);

/* One more string for a NULL-terminated list; s is kept, not copied. */
void stack_arena_strv_push(struct stack_arena *a, char ***v, char *s);
char **stack_arena_strv_empty(struct stack_arena *a);

int stack_arena_check(const struct stack_arena *a, struct sp_err *err);
