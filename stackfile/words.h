/* Shell words: a command given as one string, split as a POSIX shell would without expanding. */
#pragma once

#include "stackfile/arena.h"

#define WORDS_MAX 256

/* A list of words, which may be empty; NULL for an open quote, a trailing backslash or too many. */
char **words_split(struct stack_arena *arena, const char *text);
