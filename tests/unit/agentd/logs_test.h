/* What the tests of the logs share: a place on disk, an agent's loop over it, and what is read
 * back. */
#pragma once

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/logs_impl.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#define ROUNDS_MAX 20000

struct place {
	char dir[64], run[80], log[80];
	struct logs_conf conf;
};

static inline void place_open(struct place *p)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/sp-logs-XXXXXX");
	cr_assert_not_null(mkdtemp(p->dir));
	snprintf(p->run, sizeof(p->run), "%s/run", p->dir);
	snprintf(p->log, sizeof(p->log), "%s/log", p->dir);
	p->conf = (struct logs_conf){ .run_dir = p->run, .log_dir = p->log, .id = "demo-api-1" };
}

static inline void place_close(struct place *p)
{
	cr_expect_eq(sp_remove_tree_at(AT_FDCWD, p->dir, NULL), 0);
}

struct world {
	struct place place;
	struct sp_loop *loop;
	struct logs *l;
	int out, errors; /* the container's ends */
};

static inline void world_open(struct world *w, enum sp_loop_backend kind)
{
	struct sp_err err = { 0 };

	if (sp_loop_new(kind, &w->loop, &err) < 0 && kind == SP_LOOP_URING)
		cr_skip_test("io_uring is refused here");
	cr_assert_eq(logs_open(w->loop, &w->place.conf, &w->l, &err), 0, "%s", err.message);
	cr_assert_eq(logs_stdio(w->l, &w->out, &w->errors, &err), 0, "%s", err.message);
}

static inline void run_rounds(struct world *w, int n)
{
	while (n--)
		cr_assert_eq(sp_loop_run_once(w->loop, 4 * SP_NS_PER_MS, NULL), 0);
}

static inline void world_close(struct world *w)
{
	logs_close(w->l);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sp_loop_run_once(w->loop, 0, NULL), 0);
	sp_loop_free(w->loop);
	close(w->out);
	close(w->errors);
}

static inline void say(int fd, const char *text)
{
	cr_assert_eq(sp_write_all(fd, text, strlen(text)), 0);
}

/* All there is to read, through the cursor that the API uses. */
static inline void read_all(struct logs *l, const struct place *p, const struct logs_query *q,
			    struct sp_buf *out)
{
	struct sp_httpd_source source;
	struct sp_err err = { 0 };
	char block[1000];
	ssize_t n;

	cr_assert_eq(logs_source(l, p->log, p->conf.id, q, NULL, &source, &err), 0, "%s",
		     err.message);
	while ((n = source.read(source.state, block, sizeof(block))) > 0)
		sp_buf_append(out, block, (size_t)n);
	cr_expect_eq(n, q->follow ? 0 : -1);
	source.close(source.state);
	sp_buf_puts(out, "");
}

static const struct logs_query everything __attribute__((unused)) = { .tail = -1 };

/* The messages alone, with stream and tag: "stdout F hello|..." */
static inline void expect_log(struct world *w, const struct logs_query *q, const char *want)
{
	autobuf struct sp_buf text = SP_BUF_INIT, got = SP_BUF_INIT;

	read_all(w->l, &w->place, q, &text);
	for (char *line = text.data; line && *line;) {
		char *end = strchr(line, '\n');

		*end = '\0';
		sp_buf_printf(&got, "%s|", line + SP_TIME_STAMP_MAX);
		line = end + 1;
	}
	cr_expect_str_eq(got.data ? got.data : "", want);
}

#define LOGS_TEST(name)                                    \
	static void name(struct world *w);                 \
	static void with_##name(enum sp_loop_backend kind) \
	{                                                  \
		struct world w = { 0 };                    \
		place_open(&w.place);                      \
		world_open(&w, kind);                      \
		name(&w);                                  \
		world_close(&w);                           \
		place_close(&w.place);                     \
	}                                                  \
	Test(logs_uring, name)                             \
	{                                                  \
		with_##name(SP_LOOP_URING);                \
	}                                                  \
	Test(logs_epoll, name)                             \
	{                                                  \
		with_##name(SP_LOOP_EPOLL);                \
	}                                                  \
	static void name(struct world *w)

static inline void say_numbers(int fd, int from, int to)
{
	autobuf struct sp_buf b = SP_BUF_INIT;

	for (int i = from; i < to; i++)
		sp_buf_printf(&b, "%d %.*s\n", i, i % 150,
			      "................................................................"
			      "................................................................"
			      "......................");
	if (b.len)
		cr_assert_eq(sp_write_all(fd, b.data, b.len), 0);
}

/* Every line of from..to once, in order; 0 or the number at which it goes wrong. */
static inline int check_numbers(const char *text, int from, int to)
{
	const char *at = text ? text : "";

	for (int i = from; i < to; i++) {
		int got = -1, dots;
		const char *end = strchr(at, '\n');

		if (!end || sscanf(at + LOGS_HEAD_LEN, "%d", &got) != 1 || got != i)
			return i ? i : -1;
		dots = (int)(end - at) - (int)LOGS_HEAD_LEN - snprintf(NULL, 0, "%d ", i);
		if (dots != i % 150)
			return i ? i : -1;
		at = end + 1;
	}
	return *at ? to : 0;
}
