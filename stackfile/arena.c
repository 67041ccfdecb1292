/* Memory of one stack, in chunks; see arena.h. */
#include "stackfile/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define CHUNK_SIZE 16384

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct stack_arena {
	struct chunk *chunks; /* the newest first */
	size_t total;
	bool no_memory, too_large;
};

struct stack_arena *stack_arena_new(void)
{
	return calloc(1, sizeof(struct stack_arena));
}

void stack_arena_free(struct stack_arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		explicit_bzero(c->data, c->used);
		free(c);
	}
	free(a);
}

static struct chunk *chunk_add(struct stack_arena *a, size_t size)
{
	struct chunk *c;

	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	if (a->total + size > STACK_ARENA_MAX) {
		a->too_large = true;
		return NULL;
	}
	c = calloc(1, sizeof(*c) + size);
	if (!c) {
		a->no_memory = true;
		return NULL;
	}
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->total += size;
	return c;
}

void *stack_arena_zalloc(struct stack_arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *p;

	if (a->no_memory || a->too_large)
		return NULL;
	if (size > STACK_ARENA_MAX) {
		a->too_large = true;
		return NULL;
	}
	size = (size + _Alignof(max_align_t)) / _Alignof(max_align_t) * _Alignof(max_align_t);
	if (!c || c->size - c->used < size)
		c = chunk_add(a, size);
	if (!c)
		return NULL;
	p = c->data + c->used;
	c->used += size;
	return p;
}

char *stack_arena_copy(struct stack_arena *a, const char *data, size_t len)
{
	char *s = stack_arena_zalloc(a, len + 1);

	if (s && len)
		memcpy(s, data, len);
	return s;
}

char *stack_arena_dup(struct stack_arena *a, const char *s)
{
	return s ? stack_arena_copy(a, s, strlen(s)) : NULL;
}

char *stack_arena_format(struct stack_arena *a, const char *fmt, ...)
{
	autofree char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s = NULL;
		a->no_memory = true;
		return NULL;
	}
	return stack_arena_copy(a, s, (size_t)n);
}

/* A list of n elements is full when n is 0 or a power of two: its room need not be kept. */
void *stack_arena_push(struct stack_arena *a, void *list, size_t *n, size_t size)
{
	void **head = list;
	char *grown = *head;

	if (!(*n & (*n - 1))) {
		grown = stack_arena_zalloc(a, size * (*n ? 2 * *n : 1));
		if (!grown)
			return NULL;
		if (*n)
			memcpy(grown, *head, size * *n);
		*head = grown;
	}
	return grown + size * (*n)++;
}

void stack_arena_strv_push(struct stack_arena *a, char ***v, char *s)
{
	size_t n = sp_strv_count(*v);
	size_t used = n + 1; /* with the NULL */

	if (!s || (!*v && !(*v = stack_arena_strv_empty(a))))
		return;
	if (stack_arena_push(a, v, &used, sizeof(**v)))
		(*v)[n] = s;
}

char **stack_arena_strv_empty(struct stack_arena *a)
{
	return stack_arena_zalloc(a, sizeof(char *));
}

int stack_arena_check(const struct stack_arena *a, struct sp_err *err)
{
	if (a->too_large)
		return sp_fail(err, SP_E_TOO_LARGE, "the stack takes more than %d MiB of memory",
			       STACK_ARENA_MAX / 1024 / 1024);
	return a->no_memory ? sp_fail_nomem(err) : 0;
}
