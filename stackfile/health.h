/* `healthcheck`, which becomes the service's readiness probe. */
#pragma once

#include "stackfile/reader.h"

void read_healthcheck(const struct value *v, void *service);

/*
 * Turn a test into the probe it spells out, when that means the same: `curl -f` and `wget --spider`
 * of an http URL on localhost, and `pg_isready` of the local server. shell is a command line for
 * sh -c; otherwise argv counts. False: it has to be run as it stands.
 */
struct health_test {
	char **argv;
	char *shell; /* NULL for argv */
};
bool health_native(struct reader *r, const struct health_test *test, char *const *environment,
		   struct wire_probe *ret);
