/*
 * The HTTP side.
 *
 *   GET  /health      200 while the process serves; knows nothing of the database
 *   GET  /ready       200, or 503 with the reason, from the last check of the database; never waits
 *   GET  /items       {"items": [{"id", "name", "created_at"}]}
 *   POST /items       {"name": "..."} -> 201 and the item
 *   GET  /items/{id}  the item, or 404
 *
 * Every reply is JSON and says in `Served-By` which host it comes from.
 */
#pragma once

#include <netinet/in.h>

#include "images/recipes/api/database.h"

#define BODY_MAX        4096
#define CONNECTIONS_MAX 256
#define IDLE_TIMEOUT_S  30

struct server;

struct server *server_new(const struct sockaddr_in *listen, struct database *d); /* NULL: errno */
void server_free(struct server *s); /* stops listening and waits for replies under way */
