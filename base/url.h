/* URLs as people may see them. */
#pragma once

/*
 * The URL on the heap with "***" for what is secret in it: the password of its authority, and
 * values of its query whose names hold "password". One whose password was not percent-encoded loses
 * rather too much than too little. NULL when out of memory.
 */
char *sp_url_masked(const char *url);
