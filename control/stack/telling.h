/* Names and texts that look like a secret, wherever they come from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* DB_PASSWORD, apiKey, --auth-token, MYSQL_PWD, BASIC_AUTH; not KEYBOARD, AUTHOR or PWD. */
bool telling_name(const char *name, size_t len);
/*
 * It holds a URL with a user in it, PEM, a well-known kind of token, or a value that is given to a
 * telling name: "host=db password=x", "--token x", "Authorization: x".
 */
bool telling_text(const char *text);
/* `--password`: an option that says what the next word of a command line is. */
bool telling_option(const char *word);
