/* See hosts.h. */
#include "wire/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int wire_hosts_digest(char **lines, char ret[SP_DIGEST_MAX], struct sp_err *err)
{
	size_t n = sp_strv_count(lines);
	struct sp_digest *d;
	int r = sp_digest_new(&d, err);

	if (r < 0)
		return r;
	if (n)
		qsort(lines, n, sizeof(*lines), compare);
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(lines[i], lines[i - 1]))
			continue;
		sp_digest_update(d, lines[i], strlen(lines[i]));
		sp_digest_update(d, "\n", 1);
	}
	sp_digest_finish(d, ret);
	return 0;
}
