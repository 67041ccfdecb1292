/*
 * Configuration, from the environment, read strictly: what is missing or malformed is one line, and
 * the program ends with exit status 64 before it does anything else.
 *
 *   DATABASE_URL            postgresql://user@host:5432/name, or libpq's "host=... dbname=..."
 *   DATABASE_PASSWORD_FILE  file whose first line is the password (optional)
 *   LISTEN                  ADDRESS:PORT, default 0.0.0.0:8080
 */
#pragma once

#include <netinet/in.h>

#define EXIT_USAGE 64

struct settings {
	struct sockaddr_in listen;
	const char *database_url;
	char *password; /* NULL when there is none */
};

/* 0, or -1 with the reason in ret_reason (one line). */
int settings_read(struct settings *ret, char *ret_reason, int reason_size);
