/* Reading a log back: a cursor over the numbered files, as the source of a chunked reply. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"
#include "base/str.h"
#include "wire/failure.h"

#define LAST_MAX (64 << 10) /* bytes of log lines looked at for a failure's evidence */

void logs_wake_readers(struct logs *l)
{
	struct sp_list *readers = &l->readers;
	struct logs_reader *r;

	SP_LIST_EACH (readers, r, link) {
		if (r->req)
			sp_httpd_wake(r->req);
	}
}

static bool is_current(const struct logs_reader *r)
{
	return r->l && r->at.number == r->l->files.now.number;
}

/* To the next file that is there; false when this was the last. */
static bool next_file(struct logs_reader *r)
{
	uint64_t low, high;

	if (is_current(r) || !logs_numbers(r->dirfd, &low, &high) || high <= r->at.number)
		return false;
	if (r->l && high > r->l->files.now.number)
		high = r->l->files.now.number;
	sp_close(&r->fd);
	r->at.number = low > r->at.number + 1 ? low : r->at.number + 1;
	r->at.off = 0;
	return r->at.number <= high;
}

static ssize_t read_here(struct logs_reader *r, char *buf, size_t room)
{
	off_t size;

	if (r->fd < 0)
		r->fd = logs_open_number(r->dirfd, r->at.number, O_RDONLY);
	if (r->fd < 0)
		return 0;
	size = logs_size(r->l, r->at.number, r->fd);
	if (r->at.off >= size)
		return 0;
	if ((off_t)room > size - r->at.off)
		room = (size_t)(size - r->at.off);
	return pread(r->fd, buf, room, r->at.off);
}

static ssize_t read_lines(void *state, char *buf, size_t room)
{
	struct logs_reader *r = state;

	for (;;) {
		ssize_t n = read_here(r, buf, room);

		if (n > 0) {
			r->at.off += n;
			return n;
		}
		if (!next_file(r))
			return r->follow && r->l ? 0 : -1;
	}
}

static void close_reader(void *state)
{
	struct logs_reader *r = state;

	sp_list_remove(&r->link);
	sp_close(&r->fd);
	sp_close(&r->dirfd);
	free(r);
}

static bool is_later(const struct logs_place *a, const struct logs_place *b)
{
	return a->number != b->number ? a->number > b->number : a->off > b->off;
}

/* The later of the two beginnings, by time and by count. */
static int find_start(struct logs_reader *r, const struct logs_query *q)
{
	struct logs_place tail;
	int error = logs_find_since(r->l, r->dirfd, q->since_ns, &r->at);

	if (error < 0 || q->tail < 0)
		return error;
	error = logs_find_tail(r->l, r->dirfd, q->tail, &tail);
	if (error == 0 && is_later(&tail, &r->at))
		r->at = tail;
	return error;
}

static int open_dir(const struct logs *l, const char *log_dir, const char *id)
{
	autofree char *path = NULL;

	if (l)
		return openat(l->files.dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	path = sp_str_format("%s/%s", log_dir, id);
	if (!path) {
		errno = ENOMEM;
		return -1;
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int logs_source(struct logs *l, const char *log_dir, const char *id, const struct logs_query *query,
		struct sp_httpd_req *req, struct sp_httpd_source *ret, struct sp_err *err)
{
	struct logs_reader *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return sp_fail_nomem(err);
	*r = (struct logs_reader){ .l = l, .req = req, .fd = -1, .follow = query->follow };
	sp_list_init(&r->link);
	r->dirfd = open_dir(l, log_dir, id);
	error = r->dirfd < 0 ? -errno : find_start(r, query);
	if (error < 0) {
		close_reader(r);
		return error == -ENOENT ? sp_fail(err, SP_E_NOT_FOUND, "no log of '%s'", id)
					: sp_fail_errno(err, -error, "log of '%s'", id);
	}
	if (l)
		sp_list_append(&l->readers, &r->link);
	*ret = (struct sp_httpd_source){ read_lines, close_reader, r };
	return 0;
}

/* The message of each line, the parts of a long one put together again. */
static void append_messages(struct sp_buf *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *line = text + at, *newline = memchr(line, '\n', len - at);
		size_t size = newline ? (size_t)(newline - line) : len - at;

		if (size >= LOGS_HEAD_LEN) {
			sp_buf_append(out, line + LOGS_HEAD_LEN, size - LOGS_HEAD_LEN);
			if (line[LOGS_TAG_AT] == 'F')
				sp_buf_putc(out, '\n');
		}
		at += size + 1;
	}
}

/* Keep about the last LAST_MAX bytes, from the beginning of a line on. */
static void keep_end(struct sp_buf *text)
{
	const char *newline;

	if (text->len <= LAST_MAX)
		return;
	sp_buf_consume(text, text->len - LAST_MAX);
	newline = memchr(text->data, '\n', text->len);
	sp_buf_consume(text, newline ? (size_t)(newline - text->data) + 1 : text->len);
}

int logs_last(struct logs *l, unsigned int n, struct sp_buf *out, struct sp_err *err)
{
	struct logs_reader r = { .l = l, .dirfd = l->files.dirfd, .fd = -1 };
	autobuf struct sp_buf text = SP_BUF_INIT, messages = SP_BUF_INIT;
	char block[4096];
	ssize_t got;
	size_t skip;
	int error = logs_find_tail(l, r.dirfd, n, &r.at);

	if (error < 0)
		return sp_fail_errno(err, -error, "log of '%s'", l->id);
	while ((got = read_lines(&r, block, sizeof(block))) > 0) {
		sp_buf_append(&text, block, (size_t)got);
		if (text.len > 2 * LAST_MAX)
			keep_end(&text);
	}
	sp_close(&r.fd);
	append_messages(&messages, text.data, text.len);
	if (sp_buf_check(&text, err) < 0 || sp_buf_check(&messages, err) < 0)
		return -ENOMEM;
	skip = messages.len > WIRE_EVIDENCE_MAX ? messages.len - WIRE_EVIDENCE_MAX : 0;
	sp_buf_append(out, messages.data ? messages.data + skip : "", messages.len - skip);
	return sp_buf_check(out, err);
}
