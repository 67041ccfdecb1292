/*
 * `${}` interpolation of one string (Compose Specification, "Interpolation"):
 *
 *   $NAME ${NAME} ${NAME:-word} ${NAME-word} ${NAME:?word} ${NAME?word} ${NAME:+word} ${NAME+word}
 *   $$ is a dollar sign; a word is interpolated in its turn, and only when it is used.
 *
 * A text may also refer to what is known only later, `${services.db.address}`: no variable has a
 * dot. Such a text is taken apart once more, so in it references stay as they are and every other
 * dollar sign is doubled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define INTERPOLATE_DEPTH_MAX 16
#define INTERPOLATE_NAME_MAX  256
#define INTERPOLATE_REFERENCE "services." /* what a reference begins with */

enum interpolate_result {
	INTERPOLATE_OK,
	INTERPOLATE_SYNTAX,   /* what stands at `offset` is no variable */
	INTERPOLATE_REQUIRED, /* ${name:?} or ${name?}: not set (or empty) */
	INTERPOLATE_LIMIT,    /* nested too deeply, or a name too long */
};

struct interpolate_vars {
	const char *(*lookup)(void *state, const char *name); /* NULL: not set */
	/* Told of a plain variable that is not set and so becomes nothing; may be NULL. */
	void (*unset)(void *state, const char *name, size_t offset);
	void *state;
	bool keep_references; /* the text may have some */
};

struct interpolate_problem {
	size_t offset; /* bytes into the text */
	char name[INTERPOLATE_NAME_MAX];
	char message[256]; /* of ${name:?message}; "" when it has none */
};

/* Appends to out; running out of memory stays in out. */
enum interpolate_result interpolate(const char *text, const struct interpolate_vars *vars,
				    struct sp_buf *out, struct interpolate_problem *ret);
