/* See events_file.h. */
#include "agentd/events_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/events.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"

#define SUFFIX   ".log"
#define FILE_MAX (2 * EVENTS_FILE_BYTES) /* one event may reach past the size that ends a file */

void events_file_name(uint64_t first, char ret[EVENTS_NAME_MAX])
{
	snprintf(ret, EVENTS_NAME_MAX, "%020" PRIu64 SUFFIX, first);
}

static int parse_name(const char *name, uint64_t *ret)
{
	char digits[EVENTS_NAME_MAX];

	if (!sp_str_ends(name, SUFFIX) || strlen(name) >= sizeof(digits))
		return -1;
	snprintf(digits, sizeof(digits), "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
	return sp_parse_u64(digits, ret, NULL);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int collect_names(DIR *dir, uint64_t **list, size_t *n)
{
	const struct dirent *d;
	uint64_t first;

	while ((d = readdir(dir))) {
		uint64_t *grown;

		if (parse_name(d->d_name, &first) < 0)
			continue;
		grown = realloc(*list, (*n + 1) * sizeof(**list));
		if (!grown)
			return -ENOMEM;
		*list = grown;
		grown[(*n)++] = first;
	}
	return 0;
}

int events_files(int dirfd, uint64_t **ret, size_t *ret_n, struct sp_err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t *list = NULL;
	size_t n = 0;
	int r;

	if (!dir) {
		r = sp_fail_errno(err, errno, "events directory");
		sp_close(&fd);
		return r;
	}
	r = collect_names(dir, &list, &n);
	closedir(dir);
	if (r < 0) {
		free(list);
		return sp_fail_nomem(err);
	}
	if (n)
		qsort(list, n, sizeof(*list), compare);
	*ret = list;
	*ret_n = n;
	return 0;
}

int events_file_read(int dirfd, uint64_t first, struct sp_buf *out, struct sp_err *err)
{
	char name[EVENTS_NAME_MAX];

	events_file_name(first, name);
	return sp_file_read_at(dirfd, name, FILE_MAX, out, err);
}

size_t events_lines(const char *text, size_t len, size_t *ret_bytes)
{
	const char *p = text, *nl;
	size_t n = 0;

	while (len && (nl = memchr(p, '\n', len - (size_t)(p - text)))) {
		p = nl + 1;
		n++;
	}
	*ret_bytes = (size_t)(p - text);
	return n;
}

int events_collect(const struct sp_buf *text, uint64_t first, uint64_t after, uint64_t last,
		   size_t limit, json_t *list, struct sp_err *err)
{
	const char *p = text->data, *end = text->data + text->len, *nl;

	for (uint64_t number = first; p && p < end && number <= last; number++, p = nl + 1) {
		json_t *event;
		int r;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl || json_array_size(list) == limit)
			break;
		if (number <= after)
			continue;
		r = sp_json_parse(p, (size_t)(nl - p), &event, err);
		if (r < 0)
			return sp_err_prefix(err, "event %" PRIu64, number);
		if (json_array_append_new(list, event) < 0)
			return sp_fail_nomem(err);
	}
	return 0;
}
