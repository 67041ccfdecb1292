/*
 * What the parts of the reader share: the reading in progress, and a value with its path.
 *
 * A parser is given a `struct value`: a node and how one got there. Paths are chains on the C
 * stack, rendered only when there is something to say. Parsers return nothing: what is wrong goes
 * to the report, and the stack is thrown away at the end if there was an error.
 */
#pragma once

#include <stdbool.h>

#include "stackfile/arena.h"
#include "stackfile/node.h"
#include "stackfile/read.h"

struct reader {
	struct stack *stack;
	struct stack_arena *arena;
	struct stack_report *report;
	const struct stack_source *source;
	const struct stack_resolver *resolver;
	char **warned; /* unset variables there was a warning about */
};

struct value {
	struct reader *r;
	const struct value *up; /* NULL: the document */
	const char *key;        /* NULL: an item of a list */
	size_t index;
	struct stack_position key_at;
	struct node *node; /* changed by substitute() alone */
};

/* The i-th entry of a list or map below up. */
struct value value_child(const struct value *up, size_t i);
/* The value of a key, if the map has it. */
bool value_find(const struct value *map, const char *key, struct value *ret);
/* "services.web.ports[0]"; fixed room, cut when longer. */
#define VALUE_PATH_MAX 256
void value_path(const struct value *v, char ret[VALUE_PATH_MAX]);

/* Findings. The text is put after the path: value_refuse(v, STACK_CODE_TYPE, "expects a list"). */
void value_refuse(const struct value *v, enum stack_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void value_note(const struct value *v, enum stack_severity severity, enum stack_code code,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same with a hint in brackets at the end, and at the key's place rather than the value's. */
void value_refuse_key(const struct value *v, enum stack_code code, const char *suggestion,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* At a place of the model, whose path is given ready. */
void reader_refuse(struct reader *r, enum stack_code code, struct stack_position at,
		   const char *path, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void reader_warn(struct reader *r, enum stack_code code, struct stack_position at, const char *path,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Refuses a value of the wrong kind: "expects a list, not a string". */
void value_expects(const struct value *v, const char *what);

bool value_is_map(const struct value *v);  /* refuses what is not */
bool value_is_list(const struct value *v); /* refuses what is not, and a list of over 256 */
/* Call fn for each item of a list, or each entry of a map; what is neither is refused. */
typedef void (*value_fn)(const struct value *v, void *state);
void value_each_item(const struct value *list, value_fn fn, void *state);
void value_each_entry(const struct value *map, value_fn fn, void *state);
const char *value_text(const struct value *v, const char *what); /* a scalar's text, not null */

#define STACK_LIST_MAX     WIRE_LIST_MAX
#define STACK_SERVICES_MAX 1000

/* Room for one more in a list of the model; NULL refuses (too many) or memory ran out. */
void *value_push(const struct value *v, void *list, size_t *n, size_t size);
void *value_push_upto(const struct value *v, void *list, size_t *n, size_t size, size_t max);
