/* Shell words (POSIX.1-2017, Shell Command Language 2.2 "Quoting"); see words.h. */
#include "stackfile/words.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

static const char blanks[] = " \t\n\r";

/* Inside double quotes a backslash only takes the meaning from these. */
static bool escapes_in_quotes(char c)
{
	return c && strchr("$`\"\\\n", c);
}

static const char *single_quoted(const char *s, struct sp_buf *word)
{
	const char *end = strchr(s, '\'');

	if (!end)
		return NULL;
	sp_buf_append(word, s, (size_t)(end - s));
	return end + 1;
}

static const char *double_quoted(const char *s, struct sp_buf *word)
{
	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && escapes_in_quotes(s[1]))
			s++;
		sp_buf_putc(word, *s);
	}
	return *s ? s + 1 : NULL;
}

static const char *escaped(const char *s, struct sp_buf *word)
{
	if (!*s)
		return NULL;
	if (*s != '\n')
		sp_buf_putc(word, *s);
	return s + 1;
}

/* One word from s, which does not start with a blank; the place after it, or NULL. */
static const char *word_read(const char *s, struct sp_buf *word)
{
	while (s && *s && !strchr(blanks, *s)) {
		if (*s == '\'')
			s = single_quoted(s + 1, word);
		else if (*s == '"')
			s = double_quoted(s + 1, word);
		else if (*s == '\\')
			s = escaped(s + 1, word);
		else
			sp_buf_putc(word, *s++);
	}
	return s;
}

char **words_split(struct stack_arena *arena, const char *text)
{
	char **words = stack_arena_strv_empty(arena);
	autobuf struct sp_buf word = { 0 };

	size_t n = 0;

	for (const char *s = text + strspn(text, blanks); words && *s; s += strspn(s, blanks)) {
		sp_buf_clear(&word);
		s = word_read(s, &word);
		if (!s || ++n > WORDS_MAX)
			return NULL;
		stack_arena_strv_push(
			arena, &words,
			stack_arena_copy(arena, word.data ? word.data : "", word.len));
	}
	return words;
}
