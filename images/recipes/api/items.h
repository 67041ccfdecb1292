/* The resource: items with a name, kept in the database. */
#pragma once

#include <jansson.h>

#include "images/recipes/api/database.h"

#define ITEM_NAME_MAX 200 /* bytes */
#define ITEMS_MAX     1000

/* Each returns an HTTP status and a new JSON value for the reply: the result, or {"error": "..."}.
 */
int items_add(struct database *d, const char *body, size_t len, json_t **ret);
int items_list(struct database *d, json_t **ret); /* the newest ITEMS_MAX, oldest first */
int items_get(struct database *d, const char *id, json_t **ret);
