/* See telling.h. */
#include "control/stack/telling.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define TOKEN_MIN 16 /* bytes of a token's word; what is shorter only begins like one */

static const char *const within[] = {
	"password", "passwd",     "passphrase", "passcode", "secret",
	"token",    "credential", "private",    "auth",     "bearer"
};
/* A word that ends so: SIGNING_KEY, sshkey, DBPW. */
static const char *const endings[] = { "key", "keys", "pass", "pwd", "pw" };
/* Words that only sound alike. */
static const char *const innocent[] = { "author", "authors", "bypass", "compass",   "donkey",
					"hockey", "monkey",  "turkey", "tokenizer", "tokenizers" };
/* Variables of every shell: where it is. */
static const char *const places[] = { "PWD", "OLDPWD" };
static const char *const tokens[] = { "ghp_",  "gho_",  "ghs_", "github_pat_", "glpat-",
				      "xoxb-", "xoxp-", "AKIA", "sk_live_",    "sk-",
				      "AIza",  "eyJ",   "npm_", "dop_v1_",     "hvs." };

/* ---- names ---- */

static bool holds(const char *word, size_t len, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= len; i++)
		if (!strncasecmp(word + i, part, n))
			return true;
	return false;
}

static bool is_word(const char *word, size_t len, const char *other)
{
	return len == strlen(other) && !strncasecmp(word, other, len);
}

static bool word_tells(const char *word, size_t len)
{
	for (size_t i = 0; i < SP_COUNT(innocent); i++)
		if (is_word(word, len, innocent[i]))
			return false;
	for (size_t i = 0; i < SP_COUNT(within); i++)
		if (holds(word, len, within[i]))
			return true;
	for (size_t i = 0; i < SP_COUNT(endings); i++) {
		size_t n = strlen(endings[i]);

		if (len >= n && !strncasecmp(word + len - n, endings[i], n))
			return true;
	}
	return false;
}

/* The word at *at, its length; 0 past the last. "apiKey" is two words, like "api_key". */
static size_t next_word(const char *name, size_t len, size_t *at)
{
	size_t end;

	while (*at < len && !isalnum((unsigned char)name[*at]))
		(*at)++;
	for (end = *at; end < len && isalnum((unsigned char)name[end]); end++)
		if (end > *at && isupper((unsigned char)name[end]) &&
		    islower((unsigned char)name[end - 1]))
			break;
	return end - *at;
}

static bool words_tell(const char *name, size_t len)
{
	size_t n;

	for (size_t at = 0; (n = next_word(name, len, &at)); at += n)
		if (word_tells(name + at, n))
			return true;
	return false;
}

bool telling_name(const char *name, size_t len)
{
	for (size_t i = 0; i < SP_COUNT(places); i++)
		if (is_word(name, len, places[i]))
			return false;
	return words_tell(name, len);
}

bool telling_option(const char *word)
{
	return *word == '-' && !strchr(word, '=') && telling_name(word, strlen(word));
}

/* ---- texts ---- */

/* scheme://user@host, scheme://user:password@host */
static bool has_user(const char *text)
{
	for (const char *p = text; (p = strstr(p, "://"));) {
		size_t authority = strcspn(p += 3, "/?# \t\n\"'");

		if (memchr(p, '@', authority))
			return true;
	}
	return false;
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The name that ends right before text[end], blanks and a quote between them passed over. */
static bool named_before(const char *text, size_t end)
{
	size_t start;

	while (end && strchr(" \t\"'", text[end - 1]))
		end--;
	for (start = end; start && is_of_name(text[start - 1]);)
		start--;
	return words_tell(text + start, end - start);
}

/* name=value, and "name: value" or {"name":"value"}: a colon with nothing behind it is an image's
 * or an address'. */
static bool has_assignment(const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		bool gives = text[i] == '=' ||
			     (text[i] == ':' && text[i + 1] && strchr(" \t\"'", text[i + 1]));

		if (gives && named_before(text, i))
			return true;
	}
	return false;
}

/* `--password hunter2` within a line. */
static bool has_option(const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		size_t len = strcspn(text + i, " \t\n=");
		bool first = !i || strchr(" \t\n", text[i - 1]);

		if (first && text[i] == '-' && text[i + len] && telling_name(text + i, len))
			return true;
	}
	return false;
}

static bool has_token(const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (i && isalnum((unsigned char)text[i - 1]))
			continue;
		for (size_t k = 0; k < SP_COUNT(tokens); k++)
			if (text[i] == *tokens[k] && sp_str_starts(text + i, tokens[k]) &&
			    strcspn(text + i, " \t\n\"',;") >= TOKEN_MIN)
				return true;
	}
	return false;
}

bool telling_text(const char *text)
{
	return strstr(text, "-----BEGIN ") || strcasestr(text, "bearer ") || has_user(text) ||
	       has_assignment(text) || has_option(text) || has_token(text);
}
